//! Taking up a new certificate without a restart.

use std::mem;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use kt_tls::TlsError;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::pair::objection;
use super::stamps::Stamps;
use super::{TlsConfigError, TlsFiles};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// The certificate that is shown, and its key; both are only in memory.
#[derive(Debug)]
pub(super) struct Shown(RwLock<Arc<CertifiedKey>>);

impl Shown {
    pub(super) fn pair(&self) -> Arc<CertifiedKey> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn replace(&self, pair: Arc<CertifiedKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair())
    }
}

/// Looks after the files of the certificate that is shown.
pub(in crate::serve) struct Rotation {
    files: TlsFiles,
    shown: Arc<Shown>,
    /// The files as they were last read, well or not.
    read: Stamps,
    /// The files at the last look.
    seen: Stamps,
    /// What was last warned of.
    warned: Option<TlsError>,
}

impl Rotation {
    /// Reads the files for the first time.
    pub(super) fn begin(files: &TlsFiles) -> Result<Self, TlsConfigError> {
        // Before the files, so that a change in between is noticed.
        let stamps = Stamps::of(files);
        let mut rotation = Self {
            shown: Arc::new(Shown(RwLock::new(files.read()?))),
            files: files.clone(),
            read: stamps.clone(),
            seen: stamps,
            warned: None,
        };
        rotation.warn_of_objection();
        Ok(rotation)
    }

    pub(super) fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown)
    }

    /// Looks again and again, on a thread that may wait for the disk.
    pub(super) async fn follow(mut self) {
        loop {
            tokio::time::sleep(LOOK).await;
            let looked = tokio::task::spawn_blocking(move || {
                self.look();
                self
            });
            match looked.await {
                Ok(rotation) => self = rotation,
                Err(error) => {
                    tracing::error!(%error, "the certificate is not looked after any more");
                    return;
                }
            }
        }
    }

    /// Takes up what is new, once it has stayed the same for two looks: certificate and key are
    /// two files, and whoever replaces them replaces one after the other.
    pub(super) fn look(&mut self) {
        let now = Stamps::of(&self.files);
        let settled = mem::replace(&mut self.seen, now.clone()) == now;
        if settled && now != self.read {
            self.read = now;
            self.take_up();
        }
        self.warn_of_objection();
    }

    fn take_up(&mut self) {
        match self.files.read() {
            Ok(pair) => {
                self.shown.replace(pair);
                self.warned = None;
                let file = self.files.certificate.display();
                tracing::info!(%file, "new connections are shown the new certificate");
            }
            Err(error) => tracing::warn!(
                %error,
                "the new certificate is not used, and the old one stays"
            ),
        }
    }

    /// Says once what clients object to, also when the time of a certificate runs out in use.
    fn warn_of_objection(&mut self) {
        let found = objection(&self.shown.pair());
        if let Some(why) = found
            .as_ref()
            .filter(|why| self.warned.as_ref() != Some(*why))
        {
            let file = self.files.certificate.display();
            tracing::warn!(%file, "{why}: clients refuse it");
        }
        self.warned = found;
    }
}
