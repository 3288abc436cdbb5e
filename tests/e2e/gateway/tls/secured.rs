//! A control plane server with TLS, and certificates for the test.

use crate::harness::{Background, Sandbox, TIMEOUT, TestCommand};
use kt_tls::fixture::{CertificateFiles, CertificateOptions, TestCa};
use std::fs;
use std::path::{Path, PathBuf};

/// A server, which is stopped on drop.
pub(super) struct Secured {
    pub(super) home: Sandbox,
    pub(super) ca: TestCa,
    pub(super) process: Background,
    pub(super) port: u16,
    pub(super) token: String,
}

impl Secured {
    /// Starts a server with a certificate for `127.0.0.1`. Returns nothing where `openssl` is
    /// missing.
    pub(super) fn start() -> Option<Self> {
        Self::start_as(|home, line| home.kt_line(line))
    }

    /// Starts the server with a program that executes kt.
    pub(super) fn start_as(kt: impl FnOnce(&Sandbox, &str) -> TestCommand) -> Option<Self> {
        let home = Sandbox::new();
        let ca = TestCa::new(home.root(), "ca")?;
        install_certificate(&home, &certificate_for_address(&ca, "first"));
        let line =
            "control-plane serve --listen 127.0.0.1:0 --tls-cert tls.crt --tls-key tls.key -o json";
        let mut process = kt(&home, line).spawn();
        let port = process.wait_for("an address", TIMEOUT, |out, _| {
            let (_, rest) = out.split_once("https://127.0.0.1:")?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            rest.get(..end)?.parse().ok()
        });
        let token = home.home().join("state/admin.token");
        let token = fs::read_to_string(token).expect("the file exists");
        Some(Self {
            home,
            ca,
            process,
            port,
            token: token.trim().to_owned(),
        })
    }

    pub(super) fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Replaces the certificate.
    pub(super) fn install_certificate(&self, pair: &CertificateFiles) {
        install_certificate(&self.home, pair);
    }

    /// Returns a command of `kt` in another sandbox that uses the server.
    pub(super) fn kt(&self, elsewhere: &Sandbox, ca: &Path, line: &str) -> TestCommand {
        self.kt_with_default_trust(elsewhere, line)
            .env("KEEPTRUSTS_API_CA_FILE", ca)
    }

    /// Returns the same command with the default CA certificates.
    pub(super) fn kt_with_default_trust(&self, elsewhere: &Sandbox, line: &str) -> TestCommand {
        elsewhere
            .kt_line(line)
            .env("KEEPTRUSTS_API_URL", self.url())
            .env("KEEPTRUSTS_API_TOKEN", &self.token)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }
}

/// Returns a certificate for the address only, not for a name.
pub(super) fn certificate_for_address(ca: &TestCa, name: &str) -> CertificateFiles {
    let leaf = CertificateOptions {
        names: "IP:127.0.0.1",
        ..CertificateOptions::default()
    };
    ca.issue(name, &leaf)
}

fn install_certificate(home: &Sandbox, pair: &CertificateFiles) {
    for (from, to) in [(&pair.certificate, "tls.crt"), (&pair.key, "tls.key")] {
        let draft = home.path("draft");
        fs::copy(from, &draft).expect("the file can be written");
        fs::rename(draft, home.path(to)).expect("the file can be written");
    }
}
