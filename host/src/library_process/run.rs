//! The loop that receives the messages of the host.

use super::host::Host;
use super::streams;
use super::work::Library;
use super::workers::Workers;
use crate::discovery::{
    DiscoveredPlugin, PluginSource, PluginState, PluginTier, RecordPaths, read_plugin,
};
use crate::environment::Environment;
use crate::load::{LoadedPlugin, attributed, check_interfaces, load};
use crate::logging;
use crate::process::LIBRARY_PROCESS;
use crate::rpc::{
    APPLICATION_ERROR, CancelParams, CompleteParams, InitializeParams, InitializeResult,
    InterfaceCallParams, LineReader, LineWriter, LogParams, METHOD_NOT_FOUND, Message, PROTOCOL,
    RunParams, cancel_reason, error_response, notification, response,
};
use kt_plugin_api::{Class, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Returns whether this process is that of a library.
pub(crate) fn is_requested(env: &Environment) -> bool {
    env.args.get(1).is_some_and(|arg| arg == LIBRARY_PROCESS)
}

/// Serves the library whose directory is the first argument, until the host closes
/// standard input.
pub(crate) fn run(env: &Environment) -> ExitCode {
    let argument = |n: usize| env.args.get(n).map(PathBuf::from).unwrap_or_default();
    let (dir, cache) = (argument(2), argument(3));
    let Ok((input, writer)) = streams::take() else {
        return ExitCode::FAILURE;
    };
    let logger = Arc::clone(&writer);
    logging::redirect(move |level, target, message, fields| {
        log(&logger, level, target, message, fields);
    });
    let mut server = Server {
        dir,
        cache,
        host: Arc::new(Host::new(writer)),
        workers: Workers::default(),
        library: None,
    };
    let mut lines = LineReader::new(input);
    while let Ok(Some(line)) = lines.next_line() {
        // The host is another kt of the same version: its messages are valid.
        let Ok(message) = Message::parse(line) else {
            return ExitCode::FAILURE;
        };
        match message {
            Message::Response { id, result } => {
                server.host.respond(id, result.map(str::to_owned));
            }
            Message::Request { id, method, params } => server.serve(id, &method, params),
        }
    }
    ExitCode::SUCCESS
}

fn log(writer: &Arc<LineWriter>, level: u32, target: &str, message: &str, fields: &str) {
    let record = LogParams {
        level: logging::level_name(level).to_owned(),
        target: target.to_owned(),
        message: message.to_owned(),
        fields: serde_json::from_str(fields).unwrap_or_default(),
    };
    writer.send(&notification("log", &record));
}

struct Server {
    dir: PathBuf,
    cache: PathBuf,
    host: Arc<Host>,
    workers: Workers,
    library: Option<Arc<Library>>,
}

impl Server {
    fn serve(&mut self, id: Option<Value>, method: &str, params: &str) {
        let Some(id) = id else {
            return self.handle(method, params);
        };
        let failed = match method {
            "initialize" => self.initialize(&id, params),
            "command/run" | "command/complete" | "interface/call" => {
                self.begin(id.clone(), method, params)
            }
            "shutdown" => {
                if let Some(library) = &self.library {
                    library.shut_down();
                }
                self.host.writer.send(&response(&id, &Value::Null));
                Ok(())
            }
            _ => {
                let message = format!("the method `{method}` does not exist");
                let error = Error::new(Class::Plugin, "unsupported-method", message);
                let line = error_response(&id, METHOD_NOT_FOUND, &error);
                self.host.writer.send(&line);
                Ok(())
            }
        };
        if let Err(error) = failed {
            let line = error_response(&id, APPLICATION_ERROR, &error);
            self.host.writer.send(&line);
        }
    }

    fn handle(&self, method: &str, params: &str) {
        let Some(library) = &self.library else { return };
        match method {
            "cancel" => {
                if let Ok(params) = serde_json::from_str::<CancelParams>(params) {
                    library.cancel(params.call, cancel_reason(&params.reason));
                }
            }
            "reload" => library.reload(),
            _ => {}
        }
    }

    fn initialize(&mut self, id: &Value, params: &str) -> Result<(), Error> {
        let params: InitializeParams = parse(params)?;
        let level = logging::level_from_name(&params.log_level);
        logging::set_max_level(level.unwrap_or_default());
        let library = self.load()?;
        let result = InitializeResult {
            protocol: PROTOCOL,
            name: library.manifest.name.clone(),
            version: library.manifest.version.clone(),
            features: Vec::new(),
        };
        self.library = Some(Arc::new(library));
        self.host.writer.send(&response(id, &result));
        Ok(())
    }

    fn load(&self) -> Result<Library, Error> {
        let plugin = self.plugin()?;
        let manifest = plugin
            .manifest
            .clone()
            .ok_or_else(|| not_a_plugin(&self.dir))?;
        let loaded: &'static LoadedPlugin =
            Box::leak(Box::new(load(&plugin, &manifest, &self.cache)?));
        check_interfaces(loaded, &manifest)
            .map_err(|e| attributed(e, &manifest, &plugin.library().unwrap_or_default()))?;
        Ok(Library::new(
            (plugin, manifest),
            loaded,
            Arc::clone(&self.host),
        ))
    }

    /// Reads the plugin, which the host has checked: where it was found, its hashes and its
    /// state are not looked at again.
    fn plugin(&self) -> Result<DiscoveredPlugin, Error> {
        let records = RecordPaths {
            lock: PathBuf::new(),
            journal: PathBuf::new(),
        };
        let plugin = read_plugin(&self.dir, &Arc::new(records));
        let plugin = plugin.ok_or_else(|| not_a_plugin(&self.dir))?;
        if let PluginState::Refused(error) = plugin.state {
            return Err(error);
        }
        Ok(DiscoveredPlugin {
            source: PluginSource::System,
            tier: PluginTier::System,
            ..plugin
        })
    }

    /// Registers the call in this thread, so that a cancellation finds it, and runs it in
    /// another one.
    fn begin(&self, id: Value, method: &str, params: &str) -> Result<(), Error> {
        let library = self.library.clone().ok_or_else(|| {
            let message = "the first method must be `initialize`";
            Error::new(Class::Plugin, "invalid-call", message)
        })?;
        let no_thread = |e| Error::internal("a call cannot be started").cause(e);
        match method {
            "command/run" => {
                let params: RunParams = parse(params)?;
                let signals = library.begin(params.call).map_err(no_thread)?;
                let job = move || library.run_command(&id, &params, signals);
                self.workers.run(job)
            }
            "command/complete" => {
                let params: CompleteParams = parse(params)?;
                let signals = library.begin(params.call).map_err(no_thread)?;
                let job = move || library.complete(&id, &params, signals);
                self.workers.run(job)
            }
            _ => {
                let params: InterfaceCallParams = parse(params)?;
                let signals = library.begin(params.call).map_err(no_thread)?;
                let job = move || library.call_method(&id, params, signals);
                self.workers.run(job)
            }
        }
        .map_err(no_thread)
    }
}

fn not_a_plugin(dir: &Path) -> Error {
    let message = format!("`{}` does not contain a plugin", dir.display());
    Error::new(Class::Plugin, "plugin-not-found", message)
}

fn parse<T: DeserializeOwned>(params: &str) -> Result<T, Error> {
    serde_json::from_str(params).map_err(|e| {
        Error::new(Class::Plugin, "invalid-call", "the parameters are invalid").cause(e)
    })
}
