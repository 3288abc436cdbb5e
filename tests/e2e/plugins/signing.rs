//! Hashes and signatures of artifacts.

use super::user_plugins::UserPlugins;
use crate::harness::tool;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_hash_must_match_the_artifact() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let Some(sha256sum) = tool("sha256sum") else {
        return;
    };
    let archive = plugins.archive(&plugins.source("source"), "probe.tar.gz");
    let wrong = plugins.install(&archive, &format!("--sha256 {}", "0".repeat(64)));
    wrong
        .exits(2)
        .stderr_contains("expected 0000")
        .stderr_contains("found ");
    let output = plugins.sandbox.program(&sha256sum).arg(&archive).run();
    let hash = output
        .ok()
        .stdout
        .split(' ')
        .next()
        .unwrap_or_default()
        .to_owned();
    plugins.install(&archive, &format!("--sha256 {hash}")).ok();
    let dir = plugins.sandbox.path("source");
    plugins.install(&dir, "--sha256 00").exits(2);
}

/// Signs with the format of minisign: a key id, and Ed25519 of the BLAKE2b of the file.
struct Signer {
    key: ring::signature::Ed25519KeyPair,
    id: [u8; 8],
}

impl Signer {
    fn new(seed: u8) -> Self {
        let key = ring::signature::Ed25519KeyPair::from_seed_unchecked(&[seed; 32]);
        Self {
            key: key.expect("32 bytes are a seed"),
            id: [seed; 8],
        }
    }

    fn public_key(&self) -> String {
        use ring::signature::KeyPair;
        base64(&[b"Ed", &self.id[..], self.key.public_key().as_ref()].concat())
    }

    fn sign(&self, file: &Path) -> Option<()> {
        let output = Command::new(tool("b2sum")?)
            .arg(file)
            .stdin(Stdio::null())
            .output()
            .expect("b2sum can be started");
        let text = String::from_utf8(output.stdout).expect("it prints digits");
        let digits = text.trim_start_matches('\\').split(' ').next()?;
        let hash: Vec<u8> = (0..digits.len() / 2)
            .map(|i| u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).expect("digits"))
            .collect();
        let signature = self.key.sign(&hash);
        let comment = "timestamp:0";
        let global = [signature.as_ref(), comment.as_bytes()].concat();
        let text = format!(
            "untrusted comment: signature\n{}\ntrusted comment: {comment}\n{}\n",
            base64(&[b"ED", &self.id[..], signature.as_ref()].concat()),
            base64(self.key.sign(&global).as_ref())
        );
        let mut name = file.to_owned().into_os_string();
        name.push(".minisig");
        fs::write(name, text).expect("the sandbox is writable");
        Some(())
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let byte = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let bits = (byte(0) << 16) | (byte(1) << 8) | byte(2);
        for i in 0..4 {
            let index = usize::try_from((bits >> (18 - 6 * i)) & 63).expect("six bits");
            text.push(if i <= chunk.len() {
                char::from(ALPHABET[index])
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn a_signature_pins_the_key_of_the_publisher() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let (publisher, thief) = (Signer::new(7), Signer::new(9));
    let archive = plugins.archive(&plugins.source("source"), "probe.tar.gz");
    let key = format!("--public-key {}", publisher.public_key());
    let missing = plugins.install(&archive, &key);
    missing.exits(2).stderr_contains("probe.tar.gz.minisig");
    if thief.sign(&archive).is_none() {
        return;
    }
    let foreign = plugins.install(&archive, &key);
    foreign
        .exits(2)
        .stderr_contains("not signed by this publisher");
    publisher.sign(&archive);
    let installed = plugins.install(&archive, &format!("{key} -o json"));
    assert_eq!(installed.ok().text_at("/0/tier"), "signed");
    assert_eq!(plugins.listed().1, "signed");
    plugins.runs();
    // Every later version must be signed with the same key.
    let second = plugins.archive(&plugins.source_2("two"), "probe.tar.gz");
    plugins.kt("plugin update --yes").run().exits(2);
    thief.sign(&second);
    plugins.kt("plugin update --yes").run().exits(2);
    let stolen = format!("--force --public-key {}", thief.public_key());
    let replaced = plugins.install(&second, &stolen);
    replaced.exits(6).stderr_contains("another public key");
    plugins.install(&second, "--force").exits(2);
    plugins.runs();
    publisher.sign(&second);
    plugins.kt("plugin update --yes").run().ok();
    let info = plugins.kt("plugin info probe -o json").run();
    assert_eq!(info.ok().text_at("/version"), "2.0.0");
    assert_eq!(info.text_at("/key_id"), "0707070707070707");
    // A changed byte.
    let mut bytes = fs::read(&second).expect("the test wrote it");
    *bytes.last_mut().expect("it is not empty") ^= 1;
    fs::write(&second, bytes).expect("the sandbox is writable");
    plugins.kt("plugin update --yes").run().exits(2);
    plugins.runs();
}
