/* A kt plugin that breaks one rule of the contract at a time: at run time by
 * its commands, before that by the macros below, one build each. */
#include "kt_plugin.h"
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef PROBE_ID
#define PROBE_ID "probe"
#endif
#ifndef PROBE_VERSION
#define PROBE_VERSION "1.0.0"
#endif
#ifndef PROBE_MAGIC
#define PROBE_MAGIC KT_MAGIC
#endif
#ifndef PROBE_SIZE
#define PROBE_SIZE sizeof(kt_plugin)
#endif
#ifndef PROBE_MAJOR
#define PROBE_MAJOR KT_ABI_MAJOR
#endif
#ifndef PROBE_MIN_HOST_MINOR
#define PROBE_MIN_HOST_MINOR 0
#endif
#ifndef PROBE_INIT
#define PROBE_INIT init
#endif
#ifndef PROBE_GET_INTERFACE
#define PROBE_GET_INTERFACE get_interface
#endif
#ifndef PROBE_INIT_STATUS
#define PROBE_INIT_STATUS KT_OK
#endif
#ifndef PROBE_INIT_ERROR
#define PROBE_INIT_ERROR ""
#endif
#ifndef PROBE_FLAGS
#define PROBE_FLAGS 0
#endif
#ifndef PROBE_COMMAND_SIZE
#define PROBE_COMMAND_SIZE sizeof(kt_command_v1)
#endif
#ifndef PROBE_COMMAND_FLAGS
#define PROBE_COMMAND_FLAGS 0
#endif
#ifndef PROBE_RUN
#define PROBE_RUN run
#endif
#ifndef PROBE_SYMBOL
#define PROBE_SYMBOL kt_plugin_v1
#endif

#ifndef PROBE_NO_NOTE
KT_EMBED_MANIFEST("plugin.toml");
#endif

/* One for each library, unless the host hands out one of them twice. */
static int counted;

/* The value of a text member, good enough for what the tests send. */
static kt_str member(kt_str json, const char *name) {
  char key[64];
  int n = snprintf(key, sizeof key, "\"%s\":\"", name);
  kt_str none = {0, 0};
  for (size_t i = 0; i + (size_t)n < json.len; i++)
    if (memcmp(json.ptr + i, key, (size_t)n) == 0) {
      kt_str found = {json.ptr + i + n, 0};
      while (i + (size_t)n + found.len < json.len && found.ptr[found.len] != '"') found.len++;
      return found;
    }
  return none;
}

static int has(kt_str text, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= text.len; i++)
    if (memcmp(text.ptr + i, word, n) == 0) return 1;
  return 0;
}

static kt_status emit(const kt_context *context, uint32_t kind, const char *json) {
  kt_str text = {json, strlen(json)};
  return context->emit(context->ctx, kind, text);
}

#define SAID(what) "{\"schema\":\"example.probe/1\",\"value\":" what ",\"view\":{\"text\":\"done\\n\"}}"

typedef struct answer {
  char text[64];
  size_t len;
} answer;

static void put(void *ctx, kt_str chunk) {
  answer *a = (answer *)ctx;
  size_t room = sizeof a->text - 1 - a->len;
  size_t n = chunk.len < room ? chunk.len : room;
  memcpy(a->text + a->len, chunk.ptr, n);
  a->len += n;
}

static void keep(void *ctx, kt_str error) {
  const kt_context *context = *(const kt_context **)ctx;
  context->fail(context->ctx, error);
}

typedef struct asked {
  const kt_context *context; /* first: `keep` reads it */
  answer answer;
} asked;

static void put_asked(void *ctx, kt_str chunk) { put(&((asked *)ctx)->answer, chunk); }

static kt_status count(kt_str invocation, const kt_context *context) {
  kt_str id = KT_STR("example.count/1"), method = KT_STR("count"), null = KT_STR("null");
  kt_provider other = {sizeof(kt_provider), 0, 0, 0, 0};
  counted += 3;
  context->open_provider(context->ctx, id, member(invocation, "of"), &other);
  asked a;
  memset(&a, 0, sizeof a);
  a.context = context;
  kt_reply reply = {&a, put_asked, keep};
  kt_status status = other.call(other.ctx, method, null, NULL, reply);
  other.close(other.ctx);
  if (status != KT_OK) return status;
  char json[256];
  snprintf(json, sizeof json, SAID("{\"own\":%d,\"other\":%s}"), counted, a.answer.text);
  return emit(context, KT_EMIT_RESULT, json);
}

/* Calls the named provider of example.reply/1, with the options that are asked for. */
static kt_status call_reply(kt_str invocation, const kt_context *context) {
  kt_str id = KT_STR("example.reply/1"), method = KT_STR("answer"), null = KT_STR("null");
  /* The caller may be older than the host: its struct then has no room for `close`. */
  struct { kt_provider provider; char guard[16]; } open;
  memset(&open, 0x5a, sizeof open);
  memset(&open.provider, 0, sizeof open.provider);
  open.provider.size = has(invocation, "too-small") ? 8 : sizeof(kt_provider);
  kt_status status = context->open_provider(context->ctx, id, member(invocation, "of"), &open.provider);
  for (size_t i = 0; i < sizeof open.guard; i++) if (open.guard[i] != 0x5a) abort();
  if (!open.provider.call) {
    char json[128];
    snprintf(json, sizeof json, SAID("{\"status\":%d}"), status);
    return emit(context, KT_EMIT_RESULT, json);
  }
  kt_call_options options = {sizeof options, 0, 0};
  kt_str how = member(invocation, "options");
  if (has(how, "past")) options.deadline_unix_ms = 1;
  if (has(how, "soon")) options.deadline_unix_ms = (uint64_t)time(0) * 1000 + 1500;
  if (has(how, "ignore")) options.flags = KT_CALL_IGNORE_CANCELLATION;
  if (has(how, "hint")) options.flags = 0x8000;
  if (has(how, "required")) options.flags = 0x10000;
  if (has(how, "short")) options.size = 4;
  asked a;
  memset(&a, 0, sizeof a);
  a.context = context;
  kt_reply reply = {&a, put_asked, keep};
  status = open.provider.call(open.provider.ctx, method, null, how.len ? &options : NULL, reply);
  open.provider.close(open.provider.ctx);
  if (status != KT_OK) return status;
  char json[256];
  snprintf(json, sizeof json, SAID("%s"), a.answer.text);
  return emit(context, KT_EMIT_RESULT, json);
}

static kt_status error(const kt_context *context, const char *json) {
  kt_str text = {json, strlen(json)};
  context->fail(context->ctx, text);
  return KT_E_FAILED;
}

/* Waits as the header says: with poll(2), until the deadline. */
static kt_status wait_for_cancellation(const kt_context *context) {
  struct pollfd fd = {(int)context->cancel_fd(context->ctx), POLLIN, 0};
  struct timespec now;
  char json[128];
  int left = -1;
  clock_gettime(CLOCK_REALTIME, &now);
  if (context->deadline_unix_ms)
    left = (int)(context->deadline_unix_ms - (uint64_t)now.tv_sec * 1000u - (uint64_t)now.tv_nsec / 1000000u);
  emit(context, KT_EMIT_EVENT, "{\"event\":\"waiting\",\"message\":\"waiting\"}");
  int ready;
  /* The handler of the signal may run in this thread. */
  do ready = poll(&fd, 1, left);
  while (ready < 0 && errno == EINTR);
  /* The deadline is over at the end of its millisecond. */
  while (!context->cancelled(context->ctx)) poll(0, 0, 1);
  snprintf(json, sizeof json, SAID("{\"ready\":%d,\"reason\":%d}"), ready, context->cancelled(context->ctx));
  return emit(context, KT_EMIT_RESULT, json);
}

/* Calls the named provider twice, and waits. */
static kt_status call_and_wait(kt_str invocation, const kt_context *context) {
  kt_str id = KT_STR("example.reply/1"), method = KT_STR("answer"), null = KT_STR("null");
  kt_provider provider = {sizeof(kt_provider), 0, 0, 0, 0};
  asked a;
  memset(&a, 0, sizeof a);
  a.context = context;
  kt_reply reply = {&a, put_asked, keep};
  context->open_provider(context->ctx, id, member(invocation, "of"), &provider);
  for (int i = 0; i < 2; i++) {
    kt_status status = provider.call(provider.ctx, method, null, NULL, reply);
    if (status != KT_OK) return status;
  }
  provider.close(provider.ctx);
  return wait_for_cancellation(context);
}

static int overflow(volatile int depth) {
  volatile char frame[4096];
  frame[0] = (char)depth;
  return depth < 0 ? 0 : overflow(depth + 1) + frame[0];
}

static void *nothing;

/* Ends the process, does not return, or changes signal actions. */
static void misbehave(const char *how) {
  void (*volatile null_function)(void) = 0;
  volatile int zero = 0;
  if (!strcmp(how, "segv")) *(volatile int *)nothing = 1;
  if (!strcmp(how, "segv-in-libc")) memset(nothing, 1, 64 + (size_t)zero);
  if (!strcmp(how, "null-call")) null_function();
  if (!strcmp(how, "abort")) abort();
  if (!strcmp(how, "stack-overflow")) overflow(0);
  if (!strcmp(how, "fpe")) zero = 1000 / zero;
  if (!strcmp(how, "raise-fpe")) raise(SIGFPE);
  if (!strcmp(how, "ill")) __builtin_trap();
  if (!strcmp(how, "bus")) raise(SIGBUS);
  if (!strcmp(how, "exit0")) exit(0);
  if (!strcmp(how, "exit5")) exit(5);
  if (!strcmp(how, "_exit5")) _exit(5);
  if (!strcmp(how, "signals")) {
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_DFL);
    signal(SIGPIPE, SIG_DFL);
    return;
  }
  while (!strcmp(how, "hang")) pause();
  while (!strcmp(how, "spin")) zero++;
}

static void *misbehave_in_thread(void *how) {
  misbehave((const char *)how);
  return 0;
}

static kt_status misbehave_command(kt_str invocation, const kt_context *context) {
  char how[32];
  kt_str word = member(invocation, "how");
  snprintf(how, sizeof how, "%.*s", (int)word.len, word.ptr);
  /* The test waits for this. */
  if (!strcmp(how, "hang") || !strcmp(how, "spin")) emit(context, KT_EMIT_EVENT, "{\"event\":\"hanging\",\"message\":\"hanging\"}");
  if (!strncmp(how, "thread-", 7)) {
    pthread_t thread;
    pthread_create(&thread, 0, misbehave_in_thread, how + 7);
    pthread_join(thread, 0);
  }
  misbehave(how);
  return KT_E_FAILED;
}

/* Misbehaves in the function that the environment names. */
static void misbehave_in(const char *function) {
  const char *how = getenv(function);
  if (how) misbehave(how);
}

__attribute__((constructor)) static void constructor(void) { misbehave_in("PROBE_CONSTRUCTOR"); }

static void drop_chunk(void *ctx, kt_str chunk) { (void)ctx, (void)chunk; }

static uint64_t nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* The time of a call of the named provider: the fastest tenth of many, in nanoseconds. */
static kt_status measure(kt_str invocation, const kt_context *context) {
  enum { GROUPS = 10, CALLS = 200 };
  kt_str id = KT_STR("example.reply/1"), method = KT_STR("answer"), null = KT_STR("null");
  kt_provider provider = {sizeof(kt_provider), 0, 0, 0, 0};
  context->open_provider(context->ctx, id, member(invocation, "of"), &provider);
  kt_reply reply = {&context, drop_chunk, keep};
  uint64_t best = UINT64_MAX;
  for (int group = 0; group < GROUPS; group++) {
    uint64_t start = nanoseconds();
    for (int i = 0; i < CALLS; i++) {
      kt_status status = provider.call(provider.ctx, method, null, NULL, reply);
      if (status != KT_OK) return status;
    }
    uint64_t took = (nanoseconds() - start) / CALLS;
    if (took < best) best = took;
  }
  provider.close(provider.ctx);
  char json[128];
  snprintf(json, sizeof json, SAID("{\"nanoseconds\":%lu}"), (unsigned long)best);
  return emit(context, KT_EMIT_RESULT, json);
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  if (has(invocation, "\"misbehave\"]")) return misbehave_command(invocation, context);
  if (has(invocation, "\"measure\"]")) return measure(invocation, context);
  if (has(invocation, "\"wait\"]")) return wait_for_cancellation(context);
  if (has(invocation, "\"call-and-wait\"]")) return call_and_wait(invocation, context);
  if (has(invocation, "\"reply\"]")) return call_reply(invocation, context);
  if (has(invocation, "\"unknown-view\"]"))
    return emit(context, KT_EMIT_RESULT, "{\"schema\":\"a/1\",\"value\":{\"a\":1},\"view\":{\"chart\":{\"x\":1}}}");
  if (has(invocation, "\"unknown-format\"]"))
    return emit(context, KT_EMIT_RESULT, "{\"schema\":\"a/1\",\"value\":{\"a\":1},\"later\":1,\"view\":{\"fields\":[{\"label\":\"A\",\"path\":\"/a\",\"format\":\"bytes\",\"later\":1}]}}");
  if (has(invocation, "\"unknown-class\"]")) return error(context, "{\"id\":\"x\",\"class\":\"throttled\",\"message\":\"slow down\"}");
  if (has(invocation, "\"two-results\"]")) {
    emit(context, KT_EMIT_RESULT, SAID("1"));
    return emit(context, KT_EMIT_RESULT, SAID("2"));
  }
  if (has(invocation, "\"result-and-error\"]")) {
    error(context, "{\"id\":\"x\",\"class\":\"conflict\",\"message\":\"taken\"}");
    return emit(context, KT_EMIT_RESULT, SAID("1"));
  }
  if (has(invocation, "\"flood\"]")) {
    for (;;)
      if (emit(context, KT_EMIT_EVENT, "{\"event\":\"flood\",\"message\":\"flood\"}") == KT_E_CANCELLED)
        return error(context, "{\"id\":\"interrupted\",\"class\":\"interrupted\",\"message\":\"stopped\"}");
  }
  if (has(invocation, "\"count\"]")) return count(invocation, context);
  if (has(invocation, "\"no-error\"]")) return KT_E_FAILED;
  if (has(invocation, "\"no-result\"]")) return KT_OK;
  if (has(invocation, "\"unknown-status\"]")) return -12345;
  if (has(invocation, "\"bad-text\"]")) return emit(context, KT_EMIT_RESULT, "\"\xff\xfe\"") ? KT_OK : KT_OK;
  if (has(invocation, "\"bad-json\"]")) return emit(context, KT_EMIT_RESULT, "{\"schema\":") ? KT_OK : KT_OK;
  if (has(invocation, "\"bad-error\"]")) {
    kt_str error = KT_STR("it went wrong");
    context->fail(context->ctx, error);
    return KT_E_FAILED;
  }
  if (has(invocation, "\"null-text\"]")) {
    kt_str text = {0, 7};
    context->emit(context->ctx, KT_EMIT_RESULT, text);
    return KT_OK;
  }
  if (has(invocation, "\"unknown-emit\"]")) emit(context, 4711, "{}");
  return emit(context, KT_EMIT_RESULT, SAID("{\"text\":\"hello\"}"));
}

/* Completes as the word begins. */
static kt_status complete(void *state, kt_str request, const kt_context *context, kt_sink values) {
  char text[64];
  kt_str out = {text, 0};
  (void)state;
#define PREFIX(s) has(request, "\"prefix\":\"" s)
#define LINES(s) (out.len = (size_t)snprintf(text, sizeof text, "%s", s), values.write(values.ctx, out))
  if (PREFIX("crash")) __builtin_trap();
  if (PREFIX("exit")) exit(0);
  if (PREFIX("hang"))
    for (;;) pause();
  if (PREFIX("fail")) return KT_E_FAILED;
  if (PREFIX("flood"))
    for (;;) {
      LINES("flood\n");
      if (context->cancelled(context->ctx)) break;
    }
  if (PREFIX("bytes")) LINES("bytes\xff\n");
  if (PREFIX("split")) LINES("split-\xc3"), LINES("\xa9\n");
  if (PREFIX("control")) LINES("control\x1b[2J\ncontrol-\xe2\x80\xaeh\ncontrolled\twith \x1b[1m color\n");
  if (PREFIX("prompt")) {
    kt_str question = KT_STR("{\"kind\":\"secret\",\"question\":\"password:\"}");
    kt_sink answer = {values.ctx, values.write};
    context->prompt(context->ctx, question, answer);
    fprintf(stderr, "printed\n"), printf("printed\n"), fflush(stdout);
    LINES("\nprompted\n");
  }
  if (PREFIX("\"")) LINES("fine\n");
  return KT_OK;
}

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)ctx, (void)method, (void)json, (void)context;
  char text[16];
  kt_str answer = {text, (size_t)snprintf(text, sizeof text, "%d", ++counted)};
  reply.write(reply.ctx, answer);
  return KT_OK;
}

/* Replies as the environment says; the two providers differ in `ctx`. */
static kt_status scripted_reply(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)method, (void)json;
  misbehave_in("PROBE_IN_METHOD");
  const char *how = getenv("PROBE_REPLY") ? getenv("PROBE_REPLY") : "";
  char text[128];
  kt_str out = {text, 0};
#define WRITE(...) (out.len = (size_t)snprintf(text, sizeof text, __VA_ARGS__), reply.write(reply.ctx, out))
#define FAIL(s) (out.len = (size_t)snprintf(text, sizeof text, "%s", s), reply.fail(reply.ctx, out))
  if (!strcmp(how, "garbage")) { WRITE("}{"); return KT_OK; }
  if (!strcmp(how, "empty")) return KT_OK;
  if (!strcmp(how, "status")) return KT_E_FAILED;
  if (!strcmp(how, "unsupported")) return KT_E_UNSUPPORTED;
  if (!strcmp(how, "junk-error")) { FAIL("junk"); return KT_E_FAILED; }
  if (!strcmp(how, "both")) { WRITE("1"); FAIL("{}"); return KT_OK; }
  if (!strcmp(how, "pieces")) { WRITE("\"caf\xc3"); WRITE("\xa9\""); return KT_OK; }
  if (!strcmp(how, "deadline")) { WRITE("%d", context->deadline_unix_ms > 0); return KT_OK; }
  if (!strcmp(how, "cancelled")) { WRITE("%d", context->cancelled(context->ctx)); return KT_OK; }
  WRITE("\"%s\"", (const char *)ctx);
  return KT_OK;
}
static const kt_interface_v1 first = {sizeof(kt_interface_v1), 0, (void *)"first", scripted_reply};
static const kt_interface_v1 second = {sizeof(kt_interface_v1), 0, (void *)"second", scripted_reply};

static const kt_command_v1 command = {PROBE_COMMAND_SIZE, PROBE_COMMAND_FLAGS, PROBE_RUN, complete};
static const kt_interface_v1 counting = {sizeof(kt_interface_v1), 0, 0, call};

kt_status init(const kt_host *host, void **state);
kt_status init(const kt_host *host, void **state) {
  kt_str error = KT_STR(PROBE_INIT_ERROR);
  *state = 0;
  misbehave_in("PROBE_IN_INIT");
  if (error.len) host->fail(host->ctx, error);
  return PROBE_INIT_STATUS;
}

static void shutdown_(void *state, uint64_t deadline_unix_ms) {
  (void)state;
  if (getenv("PROBE_SHUTDOWN")) fprintf(stderr, "shutdown with a deadline: %d\n", deadline_unix_ms > 0);
  while (getenv("PROBE_SHUTDOWN_HANGS")) pause();
  misbehave_in("PROBE_IN_SHUTDOWN");
}

const void *get_interface(void *state, kt_str id, kt_str name);
const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state;
  if (has(id, "kt.command/1")) return &command;
  if (has(id, "example.count/1")) return &counting;
  if (has(id, "example.reply/1")) return has(name, "first") ? &first : &second;
  return 0;
}

kt_status (*const probe_run)(void *, kt_str, const kt_context *) = run;

extern KT_EXPORT const kt_plugin PROBE_SYMBOL;
KT_EXPORT const kt_plugin PROBE_SYMBOL = {
    PROBE_MAGIC, PROBE_SIZE, PROBE_MAJOR, KT_ABI_MINOR, PROBE_MIN_HOST_MINOR, 0, PROBE_FLAGS,
    KT_STR(PROBE_ID), KT_STR(PROBE_VERSION),
    PROBE_INIT, shutdown_, PROBE_GET_INTERFACE};
