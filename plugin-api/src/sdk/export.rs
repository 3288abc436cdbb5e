//! Exports a [`Plugin`] as the block of the ABI, and catches panics.

use super::context::Context;
use super::logging;
use super::plugin::{Host, Plugin, Provider};
use crate::abi::{
    COMMAND_INTERFACE, KtCommandV1, KtContext, KtHost, KtInterfaceV1, KtReply, KtSink, KtStr,
    status,
};
use crate::{Class, CompletionRequest, Error, Invocation};
use serde_json::Value;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The functions of a plugin's exported block.
pub struct PluginExports<P>(PhantomData<P>);

struct ProviderState<P: 'static> {
    plugin: &'static P,
    interface: String,
    name: String,
}

fn catch_panics<T>(what: &str, f: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        let text = logging::panic_message(payload.as_ref());
        Err(Error::new(
            Class::Plugin,
            "plugin-panicked",
            format!("{what} panicked: {text}"),
        ))
    })
}

fn status_of(error: &Error) -> i32 {
    match error.id.as_str() {
        "plugin-panicked" => status::PANIC,
        "unsupported-method" => status::UNSUPPORTED,
        _ => status::FAILED,
    }
}

fn invalid(what: &str) -> Error {
    Error::new(
        Class::Plugin,
        "invalid-call",
        format!("the host sent {what}"),
    )
}

impl<P: Plugin> PluginExports<P> {
    const COMMAND: KtCommandV1 = KtCommandV1 {
        run: Some(Self::run),
        complete: Some(Self::complete),
        ..KtCommandV1::EMPTY
    };

    /// `kt_plugin.init`.
    ///
    /// # Safety
    /// Called once, with a valid host and out-pointer, as the header specifies.
    pub unsafe extern "C" fn init(host: *const KtHost, state: *mut *mut c_void) -> i32 {
        // SAFETY: the pointer to the host is valid while the plugin is loaded.
        let Ok(host) = (unsafe { Host::from_raw(host) }) else {
            return status::INVALID;
        };
        if state.is_null() {
            return status::INVALID;
        }
        logging::install(host);
        match catch_panics("init", || P::init(host)) {
            Ok(plugin) => {
                // SAFETY: not null; the host provides the memory.
                unsafe { *state = Box::into_raw(Box::new(plugin)).cast() };
                status::OK
            }
            Err(error) => {
                host.fail(&error);
                status_of(&error)
            }
        }
    }

    /// `kt_plugin.shutdown`. The state is not freed: threads of the plugin may still
    /// use it.
    ///
    /// # Safety
    /// `state` must come from [`PluginExports::init`].
    pub unsafe extern "C" fn shutdown(state: *mut c_void, deadline_unix_ms: u64) {
        // SAFETY: the state of `init`, which is never freed.
        let plugin = unsafe { &*state.cast::<P>() };
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let timeout = Duration::from_millis(deadline_unix_ms).saturating_sub(now);
        // The panic hook has logged a panic, and the process ends.
        drop(catch_panics("shutdown", || {
            plugin.shutdown(timeout);
            Ok(())
        }));
    }

    /// `kt_plugin.get_interface`.
    ///
    /// # Safety
    /// `state` must come from [`PluginExports::init`].
    pub unsafe extern "C" fn get_interface(
        state: *mut c_void,
        id: KtStr,
        name: KtStr,
    ) -> *const c_void {
        // SAFETY: the state of `init`, which is never freed, and texts that are valid
        // during the call.
        let (plugin, id, name) = unsafe { (&*state.cast::<P>(), id.read(), name.read()) };
        let (Ok(id), Ok(name)) = (id, name) else {
            return std::ptr::null();
        };
        if id == COMMAND_INTERFACE {
            let provided = catch_panics("get_interface", || Ok(plugin.command().is_some()));
            return match provided {
                Ok(true) => std::ptr::from_ref(&Self::COMMAND).cast(),
                _ => std::ptr::null(),
            };
        }
        match catch_panics("get_interface", || Ok(plugin.provider(id, name).is_some())) {
            Ok(true) => {}
            _ => return std::ptr::null(),
        }
        // Leaked: the host asks once per provider and keeps the pointer.
        let provider = Box::leak(Box::new(ProviderState {
            plugin,
            interface: id.to_owned(),
            name: name.to_owned(),
        }));
        let vtable = KtInterfaceV1 {
            ctx: std::ptr::from_mut(provider).cast(),
            call: Some(Self::call),
            ..KtInterfaceV1::EMPTY
        };
        std::ptr::from_ref::<KtInterfaceV1>(Box::leak(Box::new(vtable))).cast()
    }

    unsafe extern "C" fn run(
        state: *mut c_void,
        invocation: KtStr,
        context: *const KtContext,
    ) -> i32 {
        // SAFETY: the state of `init`; the context is valid for the call.
        let (plugin, context, text) = unsafe {
            (
                &*state.cast::<P>(),
                Context::from_raw(context),
                invocation.read(),
            )
        };
        let Ok(context) = context else {
            return status::INVALID;
        };
        let outcome = catch_panics("the command", || {
            let text = text.map_err(|e| invalid(&e.to_string()))?;
            let invocation: Invocation = serde_json::from_str(text)
                .map_err(|e| invalid("an invalid invocation").cause(e))?;
            let command = plugin
                .command()
                .ok_or_else(|| invalid("a command to a plugin without commands"))?;
            command.run(&invocation, &context)
        });
        match outcome {
            Ok(output) => {
                context.result(&output);
                status::OK
            }
            Err(error) => {
                context.fail(&error);
                status_of(&error)
            }
        }
    }

    unsafe extern "C" fn complete(
        state: *mut c_void,
        request: KtStr,
        context: *const KtContext,
        values: KtSink,
    ) -> i32 {
        // SAFETY: the state of `init`; the context is valid for the call.
        let (plugin, context, text) = unsafe {
            (
                &*state.cast::<P>(),
                Context::from_raw(context),
                request.read(),
            )
        };
        let Ok(context) = context else {
            return status::INVALID;
        };
        let completions = catch_panics("completion", || {
            let text = text.map_err(|e| invalid(&e.to_string()))?;
            let request: CompletionRequest = serde_json::from_str(text)
                .map_err(|e| invalid("an invalid completion request").cause(e))?;
            let command = plugin
                .command()
                .ok_or_else(|| invalid("a completion to a plugin without commands"))?;
            command.complete(&request, &context)
        });
        let completions = match completions {
            Ok(completions) => completions,
            Err(error) => {
                context.fail(&error);
                return status_of(&error);
            }
        };
        for value in completions {
            // SAFETY: called with its own context; the text outlives the call.
            unsafe { (values.write)(values.ctx, KtStr::new(&format!("{value}\n"))) };
        }
        status::OK
    }

    unsafe extern "C" fn call(
        provider: *mut c_void,
        method: KtStr,
        json: KtStr,
        context: *const KtContext,
        reply: KtReply,
    ) -> i32 {
        // SAFETY: the state of `get_interface`, never freed; the context and
        // texts are valid for the call.
        let (state, context, method, json) = unsafe {
            (
                &*provider.cast::<ProviderState<P>>(),
                Context::from_raw(context),
                method.read(),
                json.read(),
            )
        };
        let outcome = catch_panics(&state.interface, || {
            let (Ok(method), Ok(json)) = (method, json) else {
                return Err(invalid("text that is not UTF-8"));
            };
            let request: Value =
                serde_json::from_str(json).map_err(|e| invalid("invalid JSON").cause(e))?;
            let provider: &dyn Provider = state
                .plugin
                .provider(&state.interface, &state.name)
                .ok_or_else(|| invalid("a call to an interface that is not provided"))?;
            provider.call(method, request, &context?)
        });
        let (write, text, code) = match &outcome {
            Ok(value) => (reply.write, value.to_string(), status::OK),
            Err(error) => (
                reply.fail,
                serde_json::to_string(error).unwrap_or_default(),
                status_of(error),
            ),
        };
        // SAFETY: called with its own context; the text outlives the call.
        unsafe { write(reply.ctx, KtStr::new(&text)) };
        code
    }
}

/// Exports a plugin: the symbol `kt_plugin_v1`, the manifest as an ELF note,
/// and, with the feature `layout`, the layout description.
///
/// ```ignore
/// kt_plugin_api::export_plugin!(MyPlugin, "../plugin.toml");
/// ```
///
/// The path of the manifest is relative to the file that contains the macro call;
/// its `name` and `version` must be those of the crate.
#[macro_export]
macro_rules! export_plugin {
    ($plugin:ty, $manifest:literal) => {
        const _: () = {
            const MANIFEST: &[u8; include_bytes!($manifest).len()] = include_bytes!($manifest);
            #[used]
            #[cfg_attr(target_os = "linux", unsafe(link_section = ".note.kt"))]
            #[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__kt_manifest"))]
            static NOTE: $crate::sdk::note::ManifestNote<{ MANIFEST.len() }> =
                $crate::sdk::note::ManifestNote::new(MANIFEST);

            #[unsafe(export_name = "kt_plugin_v1")]
            static BLOCK: $crate::abi::KtPlugin = $crate::abi::KtPlugin {
                magic: $crate::abi::MAGIC,
                abi_major: $crate::abi::ABI_MAJOR,
                abi_minor: $crate::abi::ABI_MINOR,
                name: $crate::abi::KtStr::new(env!("CARGO_PKG_NAME")),
                version: $crate::abi::KtStr::new(env!("CARGO_PKG_VERSION")),
                init: Some($crate::sdk::export::PluginExports::<$plugin>::init),
                shutdown: Some($crate::sdk::export::PluginExports::<$plugin>::shutdown),
                get_interface: Some($crate::sdk::export::PluginExports::<$plugin>::get_interface),
                ..$crate::abi::KtPlugin::EMPTY
            };
        };
        $crate::export_layout!();
    };
}

/// Exports the layout description.
#[cfg(feature = "layout")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_layout {
    () => {
        const _: () = {
            #[unsafe(export_name = "kt_plugin_v1_layout")]
            static LAYOUT: $crate::abi::LayoutExport = $crate::abi::LayoutExport::VALUE;
        };
    };
}

/// Exports nothing: the feature `layout` is off.
#[cfg(not(feature = "layout"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_layout {
    () => {};
}
