//! What a plugin is installed from: a directory, a library or an archive.

use super::archive::unpack;
use super::files::{copy_file, create_file, open_regular};
use super::signature::Publisher;
use super::staging::Staging;
use crate::discovery::PluginManifest;
use crate::discovery::{
    DiscoveredPlugin, MANIFEST, PluginState, RecordPaths, parse_manifest, read_plugin,
};
use crate::load;
use crate::plugin_lock::sha256_of;
use kt_plugin_api::{Class, Error};
use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const LIBRARY_MODE: u32 = 0o755;
const FILE_MODE: u32 = 0o644;
/// Files beside the manifest and the library that are installed too.
const DOCUMENTS: [&str; 4] = ["LICENSE", "COPYING", "NOTICE", "README"];

/// What a plugin is installed from.
pub(crate) struct Artifact {
    pub(crate) path: PathBuf,
    kind: ArtifactKind,
}

enum ArtifactKind {
    Directory,
    Library(File),
    Archive(File),
}

/// A plugin that is staged and checked, but not yet installed.
pub(crate) struct Candidate {
    pub(super) staging: Staging,
    pub(crate) plugin: DiscoveredPlugin,
    pub(crate) manifest: PluginManifest,
}

impl Artifact {
    /// Opens an artifact; its content determines the kind.
    ///
    /// # Errors
    /// Class `not-found` or `usage`.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let meta = std::fs::metadata(path).map_err(|e| {
            let message = format!("`{}` does not exist", path.display());
            Error::new(Class::NotFound, "plugin-not-found", message).cause(e)
        })?;
        let path = path.to_owned();
        if meta.is_dir() {
            let kind = ArtifactKind::Directory;
            return Ok(Self { path, kind });
        }
        let file = open_regular(&path).map_err(|e| invalid(&path, &e.to_string()))?;
        let mut magic = Vec::new();
        (&file)
            .take(4)
            .read_to_end(&mut magic)
            .and_then(|_| std::io::Seek::rewind(&mut (&file)))
            .map_err(|e| invalid(&path, &e.to_string()))?;
        let kind = match magic.as_slice() {
            [0x1f, 0x8b, ..] => ArtifactKind::Archive(file),
            b"\x7fELF" | b"\xcf\xfa\xed\xfe" => ArtifactKind::Library(file),
            _ => {
                let reason = "it is neither a directory, a library nor a .tar.gz archive";
                return Err(invalid(&path, reason));
            }
        };
        Ok(Self { path, kind })
    }

    /// Checks `--sha256`, which is the hash of the library or the archive.
    ///
    /// # Errors
    /// Class `usage` if the hash differs, or the artifact is a directory.
    pub(crate) fn check_sha256(&self, expected: &str) -> Result<(), Error> {
        let expected = expected.trim_start_matches("sha256:").to_ascii_lowercase();
        let found =
            sha256_of(self.file("--sha256")?).map_err(|e| invalid(&self.path, &e.to_string()))?;
        let found = found.trim_start_matches("sha256:");
        if found == expected {
            return Ok(());
        }
        let message = format!("`{}` has another SHA-256", self.path.display());
        Err(Error::new(Class::Usage, "invalid-sha256", message)
            .cause(format!("expected {expected}"))
            .cause(format!("found {found}"))
            .hint("download the file again, and compare the hash with that of the publisher"))
    }

    /// Checks the signature of the library or the archive.
    ///
    /// # Errors
    /// Class `usage` if the signature is not that of the publisher.
    pub(crate) fn check_signature(&self, publisher: &Publisher) -> Result<(), Error> {
        publisher.check(&self.path, self.file("--signature")?)
    }

    fn file(&self, option: &str) -> Result<&File, Error> {
        match &self.kind {
            ArtifactKind::Library(file) | ArtifactKind::Archive(file) => Ok(file),
            ArtifactKind::Directory => {
                let message = format!("`{option}` requires a library or an archive");
                Err(Error::new(Class::Usage, "invalid-arguments", message))
            }
        }
    }

    /// Copies the plugin to a staging directory in `plugins`, and runs the checks that
    /// execute none of its code.
    ///
    /// # Errors
    /// Class `usage` if it is not a plugin; class `plugin` if it cannot be used.
    pub(crate) fn stage(
        &self,
        plugins: &Path,
        records: &Arc<RecordPaths>,
    ) -> Result<Candidate, Error> {
        let staging = Staging::create(plugins)?;
        let dir = staging.plugin_dir();
        self.fill(&staging, &dir)?;
        let rename = |e: Error| with_path(e, &dir, &self.path);
        let plugin = read_plugin(&dir, records)
            .ok_or_else(|| invalid(&self.path, "it contains no `plugin.toml`"))?;
        match (&plugin.state, plugin.manifest.clone()) {
            (PluginState::Refused(error), _) => Err(rename(error.clone())),
            (PluginState::UnsupportedPlatform, _) | (_, None) => Err(invalid(
                &self.path,
                "it does not support this operating system",
            )),
            (_, Some(manifest)) => {
                load::check_files(&plugin, &manifest).map_err(rename)?;
                Ok(Candidate {
                    staging,
                    plugin,
                    manifest,
                })
            }
        }
    }

    fn fill(&self, staging: &Staging, dir: &Path) -> Result<(), Error> {
        match &self.kind {
            ArtifactKind::Directory => copy_plugin(&self.path, &self.path, dir),
            ArtifactKind::Archive(file) => {
                let unpacked = staging.unpack_dir()?;
                std::io::Seek::rewind(&mut (&*file))
                    .map_err(|e| invalid(&self.path, &e.to_string()))?;
                unpack(file, &unpacked).map_err(|e| invalid(&self.path, &e))?;
                copy_plugin(&root_of(&unpacked), &self.path, dir)
            }
            ArtifactKind::Library(file) => self.copy_library(file, dir),
        }
    }

    /// Copies a library with an embedded manifest.
    fn copy_library(&self, file: &File, dir: &Path) -> Result<(), Error> {
        let failed = |e: std::io::Error| invalid(&self.path, &e.to_string());
        let size = file.metadata().map_err(failed)?.len();
        let embedded = load::read_manifest(file, size)
            .map_err(|e| invalid(&self.path, &e))?
            .ok_or_else(|| invalid(&self.path, "the library has no embedded manifest"))?;
        let text = String::from_utf8(embedded)
            .map_err(|_| invalid(&self.path, "its embedded manifest is not UTF-8"))?;
        let manifest = parse_manifest(&self.path, &text)?;
        write_manifest(&dir.join(MANIFEST), &text).map_err(failed)?;
        let file = dir.join(&manifest.code_file);
        copy_file(&self.path, &file, LIBRARY_MODE).map_err(failed)
    }
}

/// Copies the files of a plugin. Other files, such as those of a build, are not copied:
/// only what the lock file has hashes of can become code.
fn copy_plugin(from: &Path, artifact: &Path, to: &Path) -> Result<(), Error> {
    let failed = |name: &str, e: std::io::Error| invalid(artifact, &format!("`{name}`: {e}"));
    let copy = |name: &str, mode| {
        copy_file(&from.join(name), &to.join(name), mode).map_err(|e| failed(name, e))
    };
    let text = open_regular(&from.join(MANIFEST))
        .and_then(|file| std::io::read_to_string(file.take(1 << 20)))
        .map_err(|e| failed(MANIFEST, e))?;
    let manifest = parse_manifest(&artifact.join(MANIFEST), &text)?;
    copy(MANIFEST, FILE_MODE)?;
    copy(&manifest.code_file, LIBRARY_MODE)?;
    let entries = std::fs::read_dir(from).map_err(|e| failed(".", e))?;
    for entry in entries.filter_map(Result::ok) {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let document = DOCUMENTS.iter().any(|start| name.starts_with(start));
        if document && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            copy(name, FILE_MODE)?;
        }
    }
    Ok(())
}

fn write_manifest(path: &Path, text: &str) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mut file = create_file(path)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(std::fs::Permissions::from_mode(FILE_MODE))?;
    file.sync_all()
}

/// Returns the directory with the manifest: the archive itself, or its only directory.
fn root_of(unpacked: &Path) -> PathBuf {
    if unpacked.join(MANIFEST).exists() {
        return unpacked.to_owned();
    }
    let entries = std::fs::read_dir(unpacked).into_iter().flatten();
    let mut dirs = entries.filter_map(Result::ok).map(|e| e.path());
    match (dirs.next(), dirs.next()) {
        (Some(only), None) => only,
        _ => unpacked.to_owned(),
    }
}

fn invalid(path: &Path, reason: &str) -> Error {
    let message = format!("`{}` cannot be installed", path.display());
    Error::new(Class::Usage, "invalid-plugin", message).cause(reason)
}

/// Names the artifact instead of the staging directory, which the user cannot see.
fn with_path(mut error: Error, staged: &Path, artifact: &Path) -> Error {
    let staged = staged.display().to_string();
    let artifact = artifact.display().to_string();
    let body = &mut *error;
    let texts = body.causes.iter_mut().chain(&mut body.hints);
    for text in texts.chain([&mut body.message]) {
        *text = text.replace(&staged, &artifact);
    }
    if let Some(location) = &mut body.location {
        location.file = location.file.replace(&staged, &artifact);
    }
    error.data("path", artifact)
}
