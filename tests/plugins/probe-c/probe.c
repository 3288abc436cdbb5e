/* A kt plugin that breaks one rule of the contract at a time: at run time by
 * its commands, before that by the macros below, one build each. */
#include "kt_plugin.h"
#include <stdio.h>
#include <string.h>

#ifndef PROBE_ID
#define PROBE_ID "probe"
#endif
#ifndef PROBE_VERSION
#define PROBE_VERSION "1.0.0"
#endif
#ifndef PROBE_MAGIC
#define PROBE_MAGIC {'K', 'T', 'P', 'L', 'U', 'G', 'I', 'N'}
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
  kt_provider other = {sizeof(kt_provider), 0, 0, 0};
  counted += 3;
  context->open_provider(context->ctx, id, member(invocation, "of"), &other);
  asked a;
  memset(&a, 0, sizeof a);
  a.context = context;
  kt_reply reply = {&a, put_asked, keep};
  kt_status status = other.call(other.ctx, method, null, context, reply);
  if (status != KT_OK) return status;
  char json[256];
  snprintf(json, sizeof json, SAID("{\"own\":%d,\"other\":%s}"), counted, a.answer.text);
  return emit(context, KT_EMIT_RESULT, json);
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
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

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)ctx, (void)method, (void)json, (void)context;
  char text[16];
  kt_str answer = {text, (size_t)snprintf(text, sizeof text, "%d", ++counted)};
  reply.write(reply.ctx, answer);
  return KT_OK;
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, PROBE_RUN, 0};
static const kt_interface_v1 counting = {sizeof(kt_interface_v1), 0, 0, call};

kt_status init(const kt_host *host, void **state);
kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return PROBE_INIT_STATUS;
}

static void shutdown_(void *state) { (void)state; }

const void *get_interface(void *state, kt_str id);
const void *get_interface(void *state, kt_str id) {
  (void)state;
  if (has(id, "kt.command/1")) return &command;
  if (has(id, "example.count/1")) return &counting;
  return 0;
}

kt_status (*const probe_run)(void *, kt_str, const kt_context *) = run;

extern KT_EXPORT const kt_plugin PROBE_SYMBOL;
KT_EXPORT const kt_plugin PROBE_SYMBOL = {
    PROBE_MAGIC, PROBE_SIZE, PROBE_MAJOR, KT_ABI_MINOR, PROBE_MIN_HOST_MINOR, 0, 0,
    KT_STR(PROBE_ID), KT_STR(PROBE_VERSION),
    PROBE_INIT, shutdown_, PROBE_GET_INTERFACE};
