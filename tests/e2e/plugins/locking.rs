//! The lock file, links, and the cache of manifests: changed files are not used.

use super::user_plugins::UserPlugins;
use crate::harness::{TIMEOUT, tool, wait_until};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn mode(path: &Path) -> u32 {
    let meta = fs::metadata(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    meta.permissions().mode() & 0o7777
}

#[test]
fn a_changed_file_is_refused_until_it_is_trusted() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let hash = |bytes: &[u8]| {
        let file = plugins.sandbox.write("hashed", bytes);
        let output = plugins.sandbox.program(&tool("sha256sum")?).arg(file).run();
        Some(output.ok().stdout.split(' ').next()?.to_owned())
    };
    plugins.install(&plugins.source("source"), "").ok();
    plugins.runs();
    let changed = [plugins.library.as_slice(), b"x"].concat();
    fs::write(plugins.probe().join("libprobe.so"), &changed).expect("the test owns it");
    let refused = plugins.kt("probe hello").run();
    refused
        .exits(9)
        .stdout_is_empty()
        .stderr_contains("`kt plugin trust probe`")
        .stderr_contains("`kt plugin update probe`");
    for hash in [hash(&plugins.library), hash(&changed)]
        .into_iter()
        .flatten()
    {
        refused.stderr_contains(&format!("sha256:{hash}"));
    }
    assert_eq!(plugins.listed().0, "changed");
    plugins.kt("plugin verify probe").run().exits(1);
    let doctor = plugins.kt("doctor -o json").run();
    doctor
        .exits(1)
        .stdout_contains("changed since it was locked");
    plugins.kt("plugin trust probe").run().exits(2);
    plugins.kt("plugin trust probe --yes").run().ok();
    plugins.runs();
    fs::write(plugins.probe().join("libprobe.so"), &plugins.library).expect("the test owns it");
    plugins.kt("probe hello").run().exits(9);
    plugins.kt("plugin update probe --yes").run().ok();
    plugins.runs();
    plugins.kt("plugin trust gateway-run --yes").run().exits(6);
}

#[test]
fn a_plugin_that_kt_did_not_install_is_locked_on_its_first_use() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let library = plugins.drop_in();
    plugins.kt("plugin list").run().ok();
    assert!(!plugins.lock().exists(), "a list locks nothing");
    plugins
        .run_ok()
        .stderr_contains("its files are now locked: sha256:");
    assert_eq!(mode(&plugins.lock()), 0o600);
    plugins.run_ok().stderr_excludes("locked");
    fs::write(&library, [plugins.library.as_slice(), b"x"].concat()).expect("the test owns it");
    let refused = plugins.kt("probe hello").run();
    refused
        .exits(9)
        .stderr_contains("changed since it was locked");
    // Others could have changed the hashes.
    fs::set_permissions(plugins.lock(), fs::Permissions::from_mode(0o666))
        .expect("the test owns it");
    let refused = plugins.kt("probe hello").run();
    refused.exits(9).stderr_contains("chmod o-w");
    fs::set_permissions(plugins.lock(), fs::Permissions::from_mode(0o600))
        .expect("the test owns it");
    fs::write(plugins.lock(), "version = 1\n[[plugin]]\nname = 3\n").expect("the test owns it");
    let refused = plugins.kt("probe hello").run();
    refused.exits(9).stderr_contains("plugins.lock:3:8");
    // Bundled plugins do not depend on the lock file.
    plugins.kt("gateway list").run().ok();
}

#[test]
fn a_link_is_used_from_its_directory_and_reported() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    let source = plugins.source("source");
    let link = format!("plugin link {}", source.display());
    plugins.kt(&link).run().ok().stderr_contains("not checked");
    let (state, tier, _) = plugins.listed();
    assert_eq!((state.as_str(), tier.as_str()), ("ok", "development"));
    plugins
        .run_ok()
        .stderr_contains("for development: its files are not checked");
    // A build takes effect at once.
    drop(plugins.source_2("source"));
    plugins.runs();
    let doctor = plugins.kt("doctor -o json").run();
    doctor.stdout_contains("is linked to");
    plugins.install(&source, "").exits(6);
    plugins.kt(&link).run().exits(6);
    plugins.install(&source, "--force").ok();
    plugins.run_ok().stderr_excludes("development");
    // An installed plugin is not replaced by a link behind kt's back.
    fs::remove_dir_all(plugins.probe()).expect("the test owns it");
    std::os::unix::fs::symlink(&source, plugins.probe()).expect("the path is free");
    let replaced = plugins.kt("probe hello").run();
    replaced.exits(9).stderr_contains("was replaced by a link");
    assert_eq!(plugins.listed().0, "changed");
    plugins.kt(&format!("{link} --force")).run().ok();
    plugins.runs();
    plugins.kt("plugin remove probe").run().ok();
    assert!(
        source.join("plugin.toml").exists(),
        "only the link is removed"
    );
    assert!(plugins.probe().symlink_metadata().is_err());
}

/// The cache of manifests decides which commands there are.
#[test]
fn the_cache_is_private_and_that_of_another_user_is_ignored() {
    let Some(plugins) = UserPlugins::new() else {
        return;
    };
    plugins.drop_in();
    let sandbox = &plugins.sandbox;
    let kt = sandbox.dist().join("bin/kt");
    let index = || {
        let cache = sandbox.home().join("cache");
        let files = fs::read_dir(&cache).expect("it exists").flatten();
        let mut files = files.map(|f| f.path()).filter(|f| f.is_file());
        files
            .find(|f| f.display().to_string().contains("/plugins-"))
            .expect("it is written")
    };
    for umask in ["000", "077", "777"] {
        drop(fs::remove_dir_all(sandbox.home().join("cache")));
        fs::create_dir_all(sandbox.home().join("cache")).expect("the sandbox is writable");
        let line = format!("umask {umask}; exec '{}' plugin list -o name", kt.display());
        let shell = sandbox.program(Path::new("/bin/sh")).arg("-c").arg(line);
        shell.run().ok().stdout_contains("probe");
        assert_eq!(mode(&index()), 0o600, "{umask}");
    }
    let poisoned = wait_until("the manifest is cached", TIMEOUT, || {
        plugins.kt("plugin list").run().ok();
        poisoned_index(fs::read(index()).expect("the test owns it"))
    });
    fs::write(index(), &poisoned).expect("the test owns it");
    plugins
        .kt("plugin list")
        .run()
        .ok()
        .stdout_contains("Poisons");
    fs::set_permissions(index(), fs::Permissions::from_mode(0o666)).expect("the test owns it");
    plugins
        .kt("plugin list")
        .run()
        .ok()
        .stdout_excludes("Poisons");
    if rustix::process::geteuid().is_root() {
        fs::write(index(), &poisoned).expect("the test owns it");
        std::os::unix::fs::chown(index(), Some(12_345), None).expect("root can change it");
        plugins
            .kt("plugin list")
            .run()
            .ok()
            .stdout_excludes("Poisons");
    }
}

/// Returns a valid index with another text in a manifest, if it contains that manifest.
fn poisoned_index(mut index: Vec<u8>) -> Option<Vec<u8>> {
    /// After the magic bytes, the version of the format and the identity of the executable.
    const LENGTH: usize = 8 + 4 + 56;
    const CHECKSUM: usize = LENGTH + 8;
    const ENTRIES: usize = CHECKSUM + 8;
    let (text, poison) = (b"Breaks one rule", b"Poisons a cache");
    let at = index.windows(text.len()).position(|part| part == text)?;
    index[at..at + text.len()].copy_from_slice(poison);
    let length = u64::from_le_bytes(index[LENGTH..CHECKSUM].try_into().ok()?);
    let end = ENTRIES + usize::try_from(length).ok()?;
    let (words, rest) = index[ENTRIES..end].as_chunks::<8>();
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let bytes = rest.iter().map(|byte| u64::from(*byte));
    let sum = words.chain(bytes).fold(length, |sum, word| {
        (sum.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    });
    index[CHECKSUM..ENTRIES].copy_from_slice(&sum.to_le_bytes());
    Some(index)
}
