/* kt_plugin.h -- the kt plugin ABI, version 1.0.  C99, no dependencies.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * A plugin is one shared library that exports one data symbol, kt_plugin_v1,
 * and is installed beside its manifest, plugin.toml.  ABI.md is the
 * specification; the most important rules are repeated here.
 *
 *  - Structs that begin with `size` only grow at the end.  A reader MUST check
 *    KT_HAS_FIELD before it accesses a field that was added after 1.0; a writer
 *    fills as much as the reader's `size` has room for, and MUST NOT fail because
 *    that is less than its own struct.
 *  - Structs without `size` never change.
 *  - Structs of the other side are read where they are; they are never copied and
 *    passed on.  In particular a context is always the pointer of the host.
 *  - Text is UTF-8, length-delimited and borrowed for the duration of the call.
 *    Neither side frees memory of the other side: results are written to sinks.
 *  - No exception, panic, longjmp or exit may cross this boundary.
 *  - Signals, the terminal and the standard streams belong to the host.
 *  - Unknown words, enumeration values and JSON keys are ignored or have a stated
 *    fallback.  Of `flags`, unknown bits 0 to 15 are ignored; an unknown bit of 16
 *    to 31 MUST be refused with KT_E_UNSUPPORTED.
 *
 * Threads.  Each function is marked:
 *  [thread-safe]  it may be called from any thread, also while it or another
 *                 function of the same side runs in another thread;
 *  [once]         it is called at most once, while no other function of the plugin
 *                 runs.
 * Functions of a sink or reply have no mark: see there.
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

/* Initializer of kt_plugin.magic: eight bytes, no terminator. */
#define KT_MAGIC { 'K', 'T', 'P', 'L', 'U', 'G', 'I', 'N' }

#if defined(_WIN32)
#define KT_EXPORT __declspec(dllexport)
#else
#define KT_EXPORT __attribute__((visibility("default")))
#endif

/* True if field `f` is within the size of the size-prefixed struct `p`. */
#define KT_HAS_FIELD(p, T, f) ((p)->size >= offsetof(T, f) + sizeof((p)->f))

/* Initializer of a kt_str from a string literal. */
#define KT_STR(s) { (s), sizeof(s) - 1 }

/* ---- frozen: never change ------------------------------------------- */

/* UTF-8 text of `len` bytes; `ptr` may be NULL when `len` is 0. */
typedef struct kt_str {
  const char *ptr;
  size_t len;
} kt_str;

/* Receives a result.  Chunks are concatenated in the order of the calls; one chunk
 * may end within a character.  Functions of a sink are called from the thread of
 * the call that the sink was passed to. */
typedef struct kt_sink {
  void *ctx;
  void (*write)(void *ctx, kt_str chunk);
} kt_sink;

/* Receives the response to one interface call: `write` takes the result as JSON
 * (in chunks, as kt_sink does), `fail` the error object of ABI.md.  Both are called from
 * the thread of the call.  A call that returns KT_OK MUST NOT have called `fail`. */
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
  KT_E_CANCELLED = -6
};

/* Result of kt_context.cancelled: the reason of the cancellation. */
enum { KT_CANCEL_NONE = 0, KT_CANCEL_INTERRUPT = 1, KT_CANCEL_TERMINATE = 2, KT_CANCEL_DEADLINE = 3 };

/* `kind` of kt_context.emit. */
enum { KT_EMIT_RESULT = 1, KT_EMIT_EVENT = 2, KT_EMIT_PROGRESS = 3, KT_EMIT_WARNING = 4, KT_EMIT_PARTIAL_RESULT = 5 };

/* `level` of kt_host.log. */
enum { KT_LOG_ERROR = 1, KT_LOG_WARN = 2, KT_LOG_INFO = 3, KT_LOG_DEBUG = 4, KT_LOG_TRACE = 5 };

/* ---- append-only ----------------------------------------------------- */

/* Functions of the host for one plugin, valid while the plugin is loaded. */
typedef struct kt_host {
  uint32_t size;
  uint16_t abi_major, abi_minor; /* of the host */
  void *ctx; /* first argument of every function below */
  /* [thread-safe] Logs a record; `fields_json` is an object, or empty. */
  void (*log)(void *ctx, uint32_t level, kt_str target, kt_str message, kt_str fields_json);
  uint32_t (*log_max_level)(void *ctx); /* [thread-safe] 0 = logging is off */
  /* [once] The error object of a failing `init`, which calls this before it returns. */
  void (*fail)(void *ctx, kt_str error_json);
} kt_host;

/* `flags` of kt_call_options: the call is neither cancelled with the context nor
 * bound by its deadline, for work that must complete during a shutdown. */
enum { KT_CALL_IGNORE_CANCELLATION = 1 };

/* Options of one call of a provider. */
typedef struct kt_call_options {
  uint32_t size, flags;      /* KT_CALL_* */
  uint64_t deadline_unix_ms; /* effective if earlier than that of the context; 0 = none */
} kt_call_options;

/* A provider of an interface, as filled in by kt_context.open_provider.  The caller
 * sets `size` before and zeroes the rest; afterwards `size` is the number of bytes
 * that the host has filled in.  Valid until `close`, and at most until the call
 * returns that the context belongs to. */
typedef struct kt_provider {
  uint32_t size, flags; /* no flags are defined; 0 */
  void *ctx;            /* first argument of every function below */
  /* [thread-safe] Calls a method.  The host logs, limits and attributes the call,
   * and forwards it to the provider.  `options` may be NULL. */
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const kt_call_options *options, kt_reply reply);
  /* [thread-safe] Releases the provider, once; no call of it may run or follow.  Providers that are not
   * closed are released when the call returns that the context belongs to. */
  void (*close)(void *ctx);
} kt_provider;

/* One invocation, or one interface call within it: always the pointer of the host,
 * never a copy.  Valid until the call that it was passed to returns. */
typedef struct kt_context {
  uint32_t size, flags;      /* no flags are defined; 0 */
  void *ctx;                 /* first argument of every function below */
  uint64_t deadline_unix_ms; /* 0 = none */
  /* [thread-safe] KT_CANCEL_*; cheap, to be polled. */
  int32_t (*cancelled)(void *ctx);
  /* [thread-safe] A descriptor that becomes readable when a signal cancels the call;
   * -1 = none.  It belongs to the host: wait for it with poll(2) until the deadline,
   * and do not read it. */
  intptr_t (*cancel_fd)(void *ctx);
  uint64_t (*reload_count)(void *ctx); /* [thread-safe] number of reload requests received so far */
  /* [thread-safe] KT_E_CANCELLED: the call is cancelled, or the consumer does not
   * accept further partial results.  Events are shown nevertheless. */
  kt_status (*emit)(void *ctx, uint32_t kind, kt_str json);
  void (*fail)(void *ctx, kt_str error_json); /* [thread-safe] the error of a failing command or completion */
  kt_status (*prompt)(void *ctx, kt_str question_json, kt_sink answer); /* [thread-safe] */
  /* [thread-safe] Writes a JSON array of the providers of interface `id`; see ABI.md. */
  kt_status (*list_providers)(void *ctx, kt_str id, kt_sink providers);
  /* [thread-safe] Opens a provider of interface `id`; an empty name selects the best
   * available one.  On failure every call of `out` fails with the reason. */
  kt_status (*open_provider)(void *ctx, kt_str id, kt_str name, kt_provider *out);
  /* [thread-safe] Takes the next file descriptor that the service manager passed to
   * the process (sd_listen_fds(3)) and writes its name.  Each one is returned once;
   * the caller owns it, also after the call.  -1 = no more descriptors. */
  intptr_t (*take_inherited_fd)(void *ctx, kt_sink name);
} kt_context;

/* The exported block.  `name` and `version` MUST equal those of the manifest. */
typedef struct kt_plugin {
  uint8_t magic[8];              /* KT_MAGIC */
  uint32_t size;                 /* sizeof(kt_plugin) at build time of the plugin */
  uint16_t abi_major, abi_minor; /* KT_ABI_* at build time of the plugin */
  uint16_t min_host_minor, reserved0; /* the lowest minor version of a host; 0 */
  uint32_t flags; /* no flags are defined; 0 */
  kt_str name, version;
  /* [once] Before every other function.  On failure it calls `host->fail`. */
  kt_status (*init)(const kt_host *host, void **state);
  /* [once] At the orderly end of the process, after every call has returned; may be
   * NULL.  The host does not wait longer than until the deadline. */
  void (*shutdown)(void *state, uint64_t deadline_unix_ms);
  /* [thread-safe] The implementation of provider `name` of interface `id`, which
   * stays valid; NULL = not provided.  `name` is empty for "kt.command/1". */
  const void *(*get_interface)(void *state, kt_str id, kt_str name);
} kt_plugin;

/* ---- interface "kt.command/1" ---------------------------------------- */
/* ABI.md defines the invocation, results, events, prompts, completions and errors. */
typedef struct kt_command_v1 {
  uint32_t size, flags; /* no flags are defined; 0 */
  kt_status (*run)(void *state, kt_str invocation_json, const kt_context *context); /* [thread-safe] */
  /* [thread-safe] Writes completions of an argument, one per line; may be NULL if the
   * manifest has no `dynamic` argument. */
  kt_status (*complete)(void *state, kt_str request_json, const kt_context *context, kt_sink values);
} kt_command_v1;

/* ---- every other interface ------------------------------------------- */
/* One generic call.  The methods and their JSON define the interface. */
typedef struct kt_interface_v1 {
  uint32_t size, flags; /* no flags are defined; 0 */
  void *ctx;            /* first argument of `call` */
  /* [thread-safe] `reply` is called from the thread of the call. */
  kt_status (*call)(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply);
} kt_interface_v1;

/* Embeds the manifest, once per library: in the section `.note.kt` of an ELF file,
 * `__DATA,__kt_manifest` of a Mach-O file, as an ELF note in both.  The host rejects
 * a library whose embedded manifest differs from the plugin.toml beside it.  The
 * assembler resolves `path`: pass its directory with -Wa,-I. */
#define KT_MANIFEST_NOTE(path)                                                  \
  ".balign 4\n.long 3\n.long 2f-1f\n.long 1\n.asciz \"kt\"\n.balign 4\n"        \
  "1:\n.incbin \"" path "\"\n2:\n.balign 4\n"
#if defined(__ELF__)
#define KT_EMBED_MANIFEST(path) \
  __asm__(".pushsection .note.kt,\"a\",%note\n" KT_MANIFEST_NOTE(path) ".popsection\n")
#elif defined(__APPLE__)
#define KT_EMBED_MANIFEST(path)                                                 \
  __asm__(".section __DATA,__kt_manifest,regular,no_dead_strip\n"               \
          KT_MANIFEST_NOTE(path) ".text\n")
#else
#define KT_EMBED_MANIFEST(path) struct kt_no_note
#endif

/* The only symbol that a plugin must export; its definition needs no KT_EXPORT. */
extern KT_EXPORT const kt_plugin kt_plugin_v1;

#ifdef __cplusplus
}
#endif
#endif
