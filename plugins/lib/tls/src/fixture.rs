//! Certificates for tests, issued by the program `openssl`.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A CA of a test, in a directory of its own.
#[derive(Debug, Clone)]
pub struct TestCa {
    directory: PathBuf,
}

/// The fields of a certificate.
#[derive(Debug, Clone)]
pub struct CertificateOptions<'a> {
    /// The names, in the syntax of `subjectAltName`.
    pub names: &'a str,
    /// The start of the validity: `YYYYMMDDHHMMSSZ`.
    pub not_before: &'a str,
    /// The end of the validity.
    pub not_after: &'a str,
    /// A further extension, in the syntax of an `openssl` extension file.
    pub extension: &'a str,
}

/// The files of a certificate and its private key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// The certificate, in PEM.
    pub certificate: PathBuf,
    /// The private key, in PEM, mode 0600.
    pub key: PathBuf,
}

impl Default for CertificateOptions<'_> {
    fn default() -> Self {
        Self {
            names: "DNS:localhost,IP:127.0.0.1",
            not_before: "20200101000000Z",
            not_after: "20900101000000Z",
            extension: "basicConstraints=CA:FALSE",
        }
    }
}

impl TestCa {
    /// Creates a CA in a subdirectory of that name; returns `None` if `openssl` is missing.
    ///
    /// # Panics
    /// If `openssl` is missing and `CI` is set, or if it fails.
    #[must_use]
    pub fn new(directory: &Path, name: &str) -> Option<Self> {
        if Command::new("openssl").arg("version").output().is_err() {
            return skip_test();
        }
        let directory = directory.join(name);
        fs::create_dir_all(&directory).expect("the directory can be created");
        let ca = Self { directory };
        let settings = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\nserial = serial\n\
                        new_certs_dir = .\ncertificate = ca.crt\nprivate_key = ca.key\n\
                        default_md = sha256\npolicy = any\nunique_subject = no\n\
                        [any]\ncommonName = supplied\n";
        ca.write("ca.cnf", settings);
        ca.write("index", "");
        ca.write("serial", "01\n");
        ca.openssl(&format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
             -keyout ca.key -out ca.crt -subj /CN={name}"
        ));
        Some(ca)
    }

    /// The CA certificate.
    #[must_use]
    pub fn certificate(&self) -> PathBuf {
        self.directory.join("ca.crt")
    }

    /// Issues a certificate, in the directory of the CA.
    ///
    /// # Panics
    /// If `openssl` fails.
    #[must_use]
    pub fn issue(&self, name: &str, options: &CertificateOptions<'_>) -> CertificateFiles {
        let extensions = format!("subjectAltName={}\n{}\n", options.names, options.extension);
        self.write(&format!("{name}.ext"), &extensions);
        self.openssl(&format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
             -keyout {name}.key -out {name}.csr -subj /CN={name}"
        ));
        self.openssl(&format!(
            "ca -config ca.cnf -batch -notext -startdate {} -enddate {} -extfile {name}.ext \
             -in {name}.csr -out {name}.crt",
            options.not_before, options.not_after
        ));
        let key = self.directory.join(format!("{name}.key"));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600))
            .expect("the mode can be changed");
        CertificateFiles {
            certificate: self.directory.join(format!("{name}.crt")),
            key,
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.directory.join(name), text).expect("the directory is writable");
    }

    fn openssl(&self, line: &str) {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.directory)
            .output()
            .expect("openssl can be started");
        assert!(output.status.success(), "openssl {line}: {output:?}");
    }
}

fn skip_test<T>() -> Option<T> {
    let line = "`openssl` is missing: `tests/scripts/setup.sh` installs it";
    let in_ci = std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false");
    assert!(!in_ci, "{line}");
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    // Not with `eprintln!`, whose output the test harness shows only if the test fails.
    drop(writeln!(io::stderr(), "SKIPPED {test}: {line}"));
    None
}
