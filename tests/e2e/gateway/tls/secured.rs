//! A control plane that is served by TLS, with certificates of the test's own.

use crate::harness::{Background, Sandbox, TIMEOUT, TestCommand};
use kt_tls::fixture::{CertificateFiles, CertificateOptions, TestCa};
use std::fs;
use std::path::{Path, PathBuf};

/// A server; ends with the value.
pub(super) struct Secured {
    pub(super) home: Sandbox,
    pub(super) ca: TestCa,
    pub(super) process: Background,
    pub(super) port: u16,
    pub(super) token: String,
}

impl Secured {
    /// Serves with a certificate for `127.0.0.1`; nothing where `openssl` is missing.
    pub(super) fn start() -> Option<Self> {
        Self::start_as(|home, line| home.kt_line(line))
    }

    /// The same, started by a program that ends up as kt.
    pub(super) fn start_as(kt: impl FnOnce(&Sandbox, &str) -> TestCommand) -> Option<Self> {
        let home = Sandbox::new();
        let ca = TestCa::new(home.root(), "ca")?;
        show(&home, &only_by_number(&ca, "first"));
        let line =
            "control-plane serve --listen 127.0.0.1:0 --tls-cert tls.crt --tls-key tls.key -o json";
        let mut process = kt(&home, line).spawn();
        let port = process.wait_for("an address", TIMEOUT, |out, _| {
            let (_, rest) = out.split_once("https://127.0.0.1:")?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            rest.get(..end)?.parse().ok()
        });
        let token = home.home().join("state/admin.token");
        let token = fs::read_to_string(token).expect("it was written before");
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
    pub(super) fn show(&self, pair: &CertificateFiles) {
        show(&self.home, pair);
    }

    /// A run of `kt` elsewhere that is pointed at the server.
    pub(super) fn kt(&self, elsewhere: &Sandbox, ca: &Path, line: &str) -> TestCommand {
        self.kt_trusting_nobody(elsewhere, line)
            .env("KEEPTRUSTS_API_CA_FILE", ca)
    }

    /// The same without a word of whom to trust.
    pub(super) fn kt_trusting_nobody(&self, elsewhere: &Sandbox, line: &str) -> TestCommand {
        elsewhere
            .kt_line(line)
            .env("KEEPTRUSTS_API_URL", self.url())
            .env("KEEPTRUSTS_API_TOKEN", &self.token)
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.home.path(name)
    }
}

/// A certificate for the address alone, so that there is a name it is not for.
pub(super) fn only_by_number(ca: &TestCa, name: &str) -> CertificateFiles {
    let leaf = CertificateOptions {
        names: "IP:127.0.0.1",
        ..CertificateOptions::default()
    };
    ca.issue(name, &leaf)
}

fn show(home: &Sandbox, pair: &CertificateFiles) {
    for (from, to) in [(&pair.certificate, "tls.crt"), (&pair.key, "tls.key")] {
        let draft = home.path("draft");
        fs::copy(from, &draft).expect("the folder takes files");
        fs::rename(draft, home.path(to)).expect("the folder takes files");
    }
}
