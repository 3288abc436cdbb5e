/* kt_plugin.h -- the kt plugin ABI, version 1.0.  C99, no dependencies.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A plugin is one shared library that exports one data symbol, kt_plugin_v1,
 * and is installed beside its manifest, plugin.toml.  ABI.md is the
 * specification; the most important rules are repeated here.
 *
 *  - Structs that begin with `size` only grow at the end.  A reader MUST check
 *    KT_HAS_FIELD before it accesses a field that was added after 1.0; a writer
 *    MUST NOT write beyond the reader's `size`.
 *  - Structs without `size` never change.
 *  - Text is UTF-8, length-delimited and borrowed for the duration of the call.
 *    Neither side frees memory of the other side: results are written to sinks.
 *  - No exception, panic, longjmp or exit may cross this boundary.
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

/* True if the other side wrote field `f` of the size-prefixed struct `p`. */
#define KT_HAS_FIELD(p, T, f) ((p)->size >= offsetof(T, f) + sizeof((p)->f))

/* Initializer of a kt_str from a string literal. */
#define KT_STR(s) { (s), sizeof(s) - 1 }

/* ---- frozen: never change ------------------------------------------- */

/* UTF-8 text of `len` bytes; `ptr` may be NULL when `len` is 0. */
typedef struct kt_str {
  const char *ptr;
  size_t len;
} kt_str;

/* Receives a result.  Chunks are concatenated in the order of the calls. */
typedef struct kt_sink {
  void *ctx;
  void (*write)(void *ctx, kt_str chunk);
} kt_sink;

/* Receives the response to one interface call: `write` takes the result as JSON
 * (in chunks, as kt_sink does), `fail` the error object of ABI.md.  A call that
 * returns KT_OK MUST NOT have called `fail`. */
typedef struct kt_reply {
  void *ctx;
  void (*write)(void *ctx, kt_str chunk);
  void (*fail)(void *ctx, kt_str error_json);
} kt_reply;

/* 0 is success; unknown negative values MUST be treated as KT_E_FAILED. */
typedef int32_t kt_status;
enum {
  KT_OK = 0,
  KT_E_FAILED = -1,      /* the error object has the details */
  KT_E_PANIC = -2,       /* the callee panicked or threw */
  KT_E_UNSUPPORTED = -3, /* no such method, interface or field */
  KT_E_INVALID = -4,     /* malformed argument */
  KT_E_NOT_FOUND = -5,
  KT_E_CANCELLED = -6,
  KT_E_TIMEOUT = -7
};

/* Result of kt_context.cancelled: the reason of the cancellation. */
enum { KT_CANCEL_NONE = 0, KT_CANCEL_INTERRUPT = 1, KT_CANCEL_TERMINATE = 2, KT_CANCEL_DEADLINE = 3 };

/* `kind` of kt_context.emit. */
enum { KT_EMIT_RESULT = 1, KT_EMIT_EVENT = 2, KT_EMIT_PROGRESS = 3, KT_EMIT_WARNING = 4, KT_EMIT_PARTIAL_RESULT = 5 };

/* `level` of kt_host.log. */
enum { KT_LOG_ERROR = 1, KT_LOG_WARN = 2, KT_LOG_INFO = 3, KT_LOG_DEBUG = 4, KT_LOG_TRACE = 5 };

/* ---- append-only ----------------------------------------------------- */

/* Functions of the host, valid while the plugin is loaded, from any thread. */
typedef struct kt_host {
  uint32_t size;
  uint16_t abi_major, abi_minor;
  void *ctx; /* first argument of every function below */
  void (*log)(void *ctx, uint32_t level, kt_str target, kt_str message, kt_str fields_json);
  uint32_t (*log_max_level)(void *ctx); /* 0 = logging is off */
} kt_host;

/* A provider of an interface, as returned by kt_context.open_provider.  `call`
 * is a function of the host that logs, limits and attributes the call before it
 * forwards it to the provider. */
struct kt_context;
typedef struct kt_provider {
  uint32_t size, reserved0;
  void *ctx;
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const struct kt_context *context, kt_reply reply);
} kt_provider;

/* One invocation, or one interface call within it.  Valid until the call that
 * it was passed to returns, from any thread.  The callee MAY pass on a copy with
 * a lower `deadline_unix_ms`, or with `cancelled` and `cancel_fd` set to NULL for
 * a call that must complete although the invocation is cancelled. */
typedef struct kt_context {
  uint32_t size, flags;      /* no flags are defined; 0 */
  void *ctx;                 /* first argument of every function below */
  uint64_t deadline_unix_ms; /* 0 = none */
  int32_t (*cancelled)(void *ctx);     /* KT_CANCEL_*; cheap, to be polled */
  int32_t (*cancel_fd)(void *ctx);     /* becomes readable on cancellation; -1 = none */
  uint64_t (*reload_count)(void *ctx); /* number of reload requests received so far */
  /* KT_E_CANCELLED: the consumer does not accept further partial results. */
  kt_status (*emit)(void *ctx, uint32_t kind, kt_str json);
  void (*fail)(void *ctx, kt_str error_json);
  kt_status (*prompt)(void *ctx, kt_str question_json, kt_sink answer);
  /* Writes a JSON array of the providers of interface `id`; see ABI.md. */
  kt_status (*list_providers)(void *ctx, kt_str id, kt_sink providers);
  /* Opens a provider of interface `id`; an empty name selects the best available
   * one.  On failure every call of `out` fails with the reason. */
  kt_status (*open_provider)(void *ctx, kt_str id, kt_str name, kt_provider *out);
  /* Takes the next file descriptor that the service manager passed to the
   * process (sd_listen_fds(3)) and writes its name.  Each one is returned once;
   * the caller owns it, also after the call.  -1 = no more descriptors. */
  int32_t (*take_inherited_fd)(void *ctx, kt_sink name);
} kt_context;

/* The exported block.  `name` and `version` MUST equal those of the manifest. */
typedef struct kt_plugin {
  uint8_t magic[8];              /* KT_MAGIC */
  uint32_t size;                 /* sizeof(kt_plugin) at build time of the plugin */
  uint16_t abi_major, abi_minor; /* KT_ABI_* at build time of the plugin */
  uint16_t min_host_minor, reserved0;
  uint32_t flags; /* no flags are defined; 0 */
  kt_str name, version;
  kt_status (*init)(const kt_host *host, void **state);
  void (*shutdown)(void *state);
  const void *(*get_interface)(void *state, kt_str id); /* NULL = not provided; the pointer stays valid */
} kt_plugin;

/* ---- interface "kt.command/1" ---------------------------------------- */
/* ABI.md defines the invocation, results, events, questions and errors. */
typedef struct kt_command_v1 {
  uint32_t size, reserved0;
  kt_status (*run)(void *state, kt_str invocation_json, const kt_context *context);
  kt_status (*complete)(void *state, kt_str request_json, const kt_context *context, kt_sink values); /* may be NULL */
} kt_command_v1;

/* ---- every other interface ------------------------------------------- */
/* One generic call.  The methods and their JSON define the interface. */
typedef struct kt_interface_v1 {
  uint32_t size, reserved0;
  void *ctx; /* first argument of `call` */
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply);
} kt_interface_v1;

/* Embeds the manifest as an ELF note, once per library.  The host rejects a
 * library whose embedded manifest differs from the plugin.toml beside it.
 * The assembler resolves `path`: pass its directory with -Wa,-I. */
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
