/* kt_plugin.h -- the kt plugin ABI, version 1.0.  C99, no dependencies.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A plugin is one shared library that exports one data symbol, kt_plugin_v1,
 * and lies beside its manifest, plugin.toml.  ABI.md states the rules; the
 * important ones are repeated here.
 *
 *  - Structs that begin with `size` only ever grow at the end.  Whoever reads
 *    one asks KT_HAS_FIELD before touching a field that was added later; whoever
 *    fills one in writes no more than the reader's `size`.
 *  - Structs without `size` never change.
 *  - Text is UTF-8, length-delimited, borrowed for the duration of the call.
 *    Nobody frees memory of the other side: results go into sinks.
 *  - Nothing may unwind, longjmp or exit across this boundary.
 *  - Signals, the terminal and the standard streams belong to the host.
 */
#ifndef KT_PLUGIN_H
#define KT_PLUGIN_H
#include <stddef.h>
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif

#define KT_ABI_MAJOR 1
#define KT_ABI_MINOR 0
#define KT_MAGIC "KTPLUGIN" /* eight bytes, no terminator */

#if defined(_WIN32)
#define KT_EXPORT __declspec(dllexport)
#else
#define KT_EXPORT __attribute__((visibility("default")))
#endif

/* Was field `f` of a size-prefixed struct written by the other side? */
#define KT_HAS_FIELD(p, T, f) ((p)->size >= offsetof(T, f) + sizeof((p)->f))

/* A kt_str from a string literal. */
#define KT_STR(s) { (s), sizeof(s) - 1 }

/* ---- frozen: never change ------------------------------------------- */

/* UTF-8 text of `len` bytes; `ptr` may be NULL when `len` is 0. */
typedef struct kt_str {
  const char *ptr;
  size_t len;
} kt_str;

/* Where a result goes.  Chunks are joined in the order they arrive. */
typedef struct kt_sink {
  void *ctx;
  void (*write)(void *ctx, kt_str chunk);
} kt_sink;

/* Where the answer to one interface call goes: `write` takes the result as
 * JSON (as kt_sink does), `fail` the error object of ABI.md.  A call that
 * returns KT_OK must not have called `fail`. */
typedef struct kt_reply {
  void *ctx;
  void (*write)(void *ctx, kt_str chunk);
  void (*fail)(void *ctx, kt_str error_json);
} kt_reply;

/* 0 is success; unknown negative values are read as KT_E_FAILED. */
typedef int32_t kt_status;
enum {
  KT_OK = 0,
  KT_E_FAILED = -1,      /* see the error object */
  KT_E_PANIC = -2,       /* the callee's code broke an assumption */
  KT_E_UNSUPPORTED = -3, /* no such method, interface or field */
  KT_E_INVALID = -4,     /* malformed argument */
  KT_E_NOT_FOUND = -5,
  KT_E_CANCELLED = -6,
  KT_E_TIMEOUT = -7
};

/* Why kt_context.cancelled is not 0. */
enum { KT_CANCEL_NONE = 0, KT_CANCEL_INTERRUPT = 1, KT_CANCEL_TERMINATE = 2, KT_CANCEL_DEADLINE = 3 };

/* What kt_context.emit carries. */
enum { KT_EMIT_RESULT = 1, KT_EMIT_EVENT = 2, KT_EMIT_PROGRESS = 3, KT_EMIT_WARNING = 4, KT_EMIT_PARTIAL_RESULT = 5 };

/* kt_host.log levels. */
enum { KT_LOG_ERROR = 1, KT_LOG_WARN = 2, KT_LOG_INFO = 3, KT_LOG_DEBUG = 4, KT_LOG_TRACE = 5 };

/* ---- append-only ----------------------------------------------------- */

/* What the host offers for as long as the plugin is loaded; any thread. */
typedef struct kt_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  void *ctx; /* first argument of every function below */
  void (*log)(void *ctx, uint32_t level, kt_str target, kt_str message, kt_str fields_json);
  uint32_t (*log_max_level)(void *ctx); /* 0 = nothing is wanted */
} kt_host;

/* A provider of an interface, as kt_context.open hands it out.  `call` is
 * the host's: it logs, limits and attributes, then reaches the provider. */
struct kt_context;
typedef struct kt_provider {
  uint32_t size, reserved0;
  void *ctx;
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const struct kt_context *context, kt_reply reply);
} kt_provider;

/* One invocation, or one interface call within it; valid until the call it
 * was passed to returns, from any thread.  The callee may copy it for a call of
 * its own, to lower `deadline_unix_ms`, or to set `cancelled` to NULL for a
 * call that must still be made while it ends. */
typedef struct kt_context {
  uint32_t size, flags;      /* no flags are defined yet */
  void *ctx;                 /* first argument of every function below */
  uint64_t deadline_unix_ms; /* 0 = none */
  int32_t (*cancelled)(void *ctx);  /* KT_CANCEL_*; cheap, poll it */
  int32_t (*cancel_fd)(void *ctx);  /* readable from cancellation on; -1 = none */
  uint64_t (*reload_count)(void *ctx);  /* how many reload requests have come so far */
  kt_status (*emit)(void *ctx, uint32_t kind, kt_str json); /* KT_E_CANCELLED = nobody takes more parts */
  void (*fail)(void *ctx, kt_str error_json);
  kt_status (*prompt)(void *ctx, kt_str question_json, kt_sink answer);
  kt_status (*list_providers)(void *ctx, kt_str id, kt_sink sink); /* JSON array of providers with their fitness */
  /* Opens a provider; an empty name means the best that fits.  When it fails,
   * every call of `out` answers with the error that says why. */
  kt_status (*open_provider)(void *ctx, kt_str id, kt_str name, kt_provider *out);
  /* Takes the next descriptor that a service manager passed to the process
   * (sd_listen_fds(3)), each only once; its name goes into `name`.  The caller
   * owns it, also beyond the call.  -1 = none is left. */
  int32_t (*take_inherited_fd)(void *ctx, kt_sink name);
} kt_context;

/* The exported block.  `name` and `version` must equal the manifest's. */
typedef struct kt_plugin {
  uint8_t magic[8];              /* KT_MAGIC */
  uint32_t size;                 /* sizeof(kt_plugin) when the plugin was built */
  uint16_t abi_major, abi_minor; /* KT_ABI_* of the header it was built with */
  uint16_t min_host_minor, reserved0;
  uint32_t flags; /* none are defined yet */
  kt_str name, version;
  kt_status (*init)(const kt_host *host, void **state);
  void (*shutdown)(void *state);
  const void *(*get_interface)(void *state, kt_str id); /* NULL = not provided */
} kt_plugin;

/* ---- interface "kt.command/1" ---------------------------------------- */
/* `invocation_json`, results, events, questions and errors: see ABI.md. */
typedef struct kt_command_v1 {
  uint32_t size, reserved0;
  kt_status (*run)(void *state, kt_str invocation_json, const kt_context *context);
  kt_status (*complete)(void *state, kt_str request_json, const kt_context *context, kt_sink values); /* may be NULL */
} kt_command_v1;

/* ---- every other interface ------------------------------------------- */
/* One generic call; the methods and their JSON are the interface. */
typedef struct kt_interface_v1 {
  uint32_t size, reserved0;
  void *ctx; /* first argument of `call` */
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply);
} kt_interface_v1;

/* Embeds the manifest as an ELF note, once per library.  The host refuses a
 * library whose embedded manifest differs from the plugin.toml beside it.
 * `path` is found as the assembler finds files: pass -Wa,-I with its folder. */
#if defined(__ELF__)
#define KT_EMBED_MANIFEST(path)                                     \
  __asm__(".pushsection .note.kt,\"a\",%note\n"                     \
          ".balign 4\n.long 3\n.long 2f-1f\n.long 1\n.asciz \"kt\"\n.balign 4\n" \
          "1:\n.incbin \"" path "\"\n2:\n.balign 4\n.popsection\n")
#else
#define KT_EMBED_MANIFEST(path) struct kt_no_note
#endif

extern KT_EXPORT const kt_plugin kt_plugin_v1; /* the only symbol a plugin must export */

#ifdef __cplusplus
}
#endif
#endif
