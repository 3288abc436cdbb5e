//! Rotation of the certificate without a restart.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kt_tls::TlsError;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::task::AbortHandle;

use super::certificate::{TlsFiles, certificate_error};
use super::error::TlsConfigError;
use super::file_stamps::FileStamps;

/// How often the files are checked.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// The current certificate and its key; both are in memory only.
#[derive(Debug)]
pub(super) struct CurrentCertificate(RwLock<Arc<CertifiedKey>>);

impl CurrentCertificate {
    pub(super) fn get(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, certificate: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = certificate;
    }
}

impl ResolvesServerCert for CurrentCertificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get())
    }
}

/// Reloads the certificate when its files change.
pub(in crate::serve) struct CertificateWatcher {
    files: TlsFiles,
    current: Arc<CurrentCertificate>,
    /// The stamps of the files when they were last read, with or without success.
    loaded: FileStamps,
    /// The stamps of the files at the last check.
    checked: FileStamps,
    /// The error that was last logged.
    logged: Option<TlsError>,
}

/// Stops the watcher when it is dropped.
pub(in crate::serve) struct WatcherTask(AbortHandle);

impl CertificateWatcher {
    /// Reads the files for the first time.
    pub(super) fn open(files: &TlsFiles) -> Result<Self, TlsConfigError> {
        // Taken before the files are read, so that a change in between is noticed.
        let stamps = FileStamps::of(files);
        let mut watcher = Self {
            current: Arc::new(CurrentCertificate(RwLock::new(files.read()?))),
            files: files.clone(),
            loaded: stamps.clone(),
            checked: stamps,
            logged: None,
        };
        watcher.log_certificate_error();
        Ok(watcher)
    }

    pub(super) fn current(&self) -> Arc<CurrentCertificate> {
        Arc::clone(&self.current)
    }

    /// Checks the files until the returned value is dropped.
    pub(in crate::serve) fn spawn(self) -> WatcherTask {
        WatcherTask(tokio::spawn(self.watch()).abort_handle())
    }

    async fn watch(mut self) {
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            let checked = tokio::task::spawn_blocking(move || {
                self.check();
                self
            });
            match checked.await {
                Ok(watcher) => self = watcher,
                Err(error) => {
                    tracing::error!(%error, "the certificate is not reloaded any more");
                    return;
                }
            }
        }
    }

    /// Reloads the certificate if the files have changed and were the same at two checks:
    /// certificate and key are two files, which are replaced one after the other.
    pub(super) fn check(&mut self) {
        let now = FileStamps::of(&self.files);
        let stable = mem::replace(&mut self.checked, now.clone()) == now;
        if stable && now != self.loaded {
            self.loaded = now;
            self.reload();
        }
        self.log_certificate_error();
    }

    fn reload(&mut self) {
        match self.files.read() {
            Ok(certificate) => {
                self.current.replace(certificate);
                self.logged = None;
                let file = self.files.certificate.display();
                tracing::info!(%file, "certificate reloaded; new connections use it");
            }
            Err(error) => tracing::warn!(
                %error,
                "cannot reload the certificate; the old one stays in use"
            ),
        }
    }

    /// Logs once why clients reject the certificate, also when it expires while in use.
    fn log_certificate_error(&mut self) {
        let error = certificate_error(&self.current.get());
        if let Some(error) = error
            .as_ref()
            .filter(|new| self.logged.as_ref() != Some(*new))
        {
            let file = self.files.certificate.display();
            tracing::warn!(%file, %error, "clients reject the certificate");
        }
        self.logged = error;
    }
}

impl Drop for WatcherTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
