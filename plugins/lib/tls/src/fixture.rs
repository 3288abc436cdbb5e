//! Certificates for tests, made by the program `openssl`.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// An authority of a test's own, in a folder of it.
#[derive(Debug, Clone)]
pub struct Authority {
    folder: PathBuf,
}

/// What a certificate says.
#[derive(Debug, Clone)]
pub struct Leaf<'a> {
    /// Whom it is for, as `subjectAltName` has it.
    pub names: &'a str,
    /// From when it is valid: `YYYYMMDDHHMMSSZ`.
    pub from: &'a str,
    /// Until when.
    pub until: &'a str,
    /// One more extension, as `openssl` has it in files.
    pub more: &'a str,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// Its key, in PEM and private.
    pub key: PathBuf,
}

impl Default for Leaf<'_> {
    fn default() -> Self {
        Self {
            names: "DNS:localhost,IP:127.0.0.1",
            from: "20200101000000Z",
            until: "20900101000000Z",
            more: "basicConstraints=CA:FALSE",
        }
    }
}

impl Authority {
    /// Makes an authority in a folder of that name; nothing where `openssl` is missing.
    ///
    /// # Panics
    /// When it is missing and `CI` is set, or when it fails.
    #[must_use]
    pub fn new(directory: &Path, name: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            return missing();
        }
        let folder = directory.join(name);
        fs::create_dir_all(&folder).expect("the folder can be made");
        let authority = Self { folder };
        let settings = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = serial\n\
                        new_certs_dir = .\ncertificate = ca.crt\nprivate_key = ca.key\n\
                        default_md = sha256\npolicy = any\nunique_subject = no\n\
                        [any]\ncommonName = supplied\n";
        authority.write("ca.cnf", settings);
        authority.write("index", "");
        authority.write("serial", "01\n");
        authority.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
             -keyout ca.key -out ca.crt -subj /CN={name}"
        ));
        Some(authority)
    }

    /// The authority's own certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Makes a certificate and its key, in the authority's folder.
    ///
    /// # Panics
    /// When `openssl` fails.
    #[must_use]
    pub fn issue(&self, name: &str, leaf: &Leaf<'_>) -> Pair {
        let extensions = format!("subjectAltName={}\n{}\n", leaf.names, leaf.more);
        self.write(&format!("{name}.ext"), &extensions);
        self.openssl(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
             -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "ca -config ca.cnf -batch -notext -startdate {} -enddate {} -extfile {name}.ext \
             -in {name}.csr -out {name}.crt",
            leaf.from, leaf.until
        ));
        let key = self.folder.join(format!("{name}.key"));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("the key is ours");
        Pair {
            certificate: self.folder.join(format!("{name}.crt")),
            key,
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).expect("the folder takes files");
    }

    fn openssl(&self, line: &str) {
        let made = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.folder)
            .output()
            .expect("openssl can be started");
        assert!(made.status.success(), "openssl {line}: {made:?}");
    }
}

fn missing<T>() -> Option<T> {
    let line = "`openssl` is missing: `tests/scripts/setup.sh` installs it";
    let in_ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    assert!(!in_ci, "{line}");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Not by `eprintln!`, which is heard of only when the test fails.
    drop(writeln!(io::stderr(), "SKIPPED {test}: {line}"));
    None
}
