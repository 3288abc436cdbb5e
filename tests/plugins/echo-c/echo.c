/* A kt plugin that returns the messages that it receives, unchanged: so that tests see
 * what the host and other plugins really send.  Calls of its own providers are appended
 * to the file ECHO_LOG, one JSON object per line. */
#include "kt_plugin.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

KT_EMBED_MANIFEST("plugin.toml");

typedef struct buffer {
  char *bytes;
  size_t len;
  int failed;
} buffer;

static void append(void *ctx, kt_str chunk) {
  buffer *b = (buffer *)ctx;
  char *bytes = realloc(b->bytes, b->len + chunk.len + 1);
  if (!bytes) abort();
  memcpy(bytes + b->len, chunk.ptr, chunk.len);
  b->bytes = bytes;
  b->len += chunk.len;
  b->bytes[b->len] = 0;
}

static void append_text(buffer *b, const char *text) {
  kt_str chunk = {text, strlen(text)};
  append(b, chunk);
}

static void append_error(void *ctx, kt_str error) {
  ((buffer *)ctx)->failed = 1;
  append(ctx, error);
}

static kt_str variable(const char *name) {
  const char *value = getenv(name);
  kt_str text = {value ? value : "", value ? strlen(value) : 0};
  return text;
}

/* Emits JSON as the value of a result. */
static kt_status result(const kt_context *context, kt_str value) {
  buffer b = {0, 0, 0};
  append_text(&b, "{\"schema\":\"example.echo/1\",\"value\":");
  append(&b, value);
  append_text(&b, ",\"view\":\"json\"}");
  kt_str json = {b.bytes, b.len};
  kt_status status = context->emit(context->ctx, KT_EMIT_RESULT, json);
  free(b.bytes);
  return status;
}

static kt_status providers(const kt_context *context) {
  buffer list = {0, 0, 0};
  kt_sink sink = {&list, append};
  context->list_providers(context->ctx, variable("ECHO_INTERFACE"), sink);
  kt_str json = {list.bytes, list.len};
  kt_status status = result(context, json);
  free(list.bytes);
  return status;
}

/* The value is {"result": JSON} or {"error": JSON}. */
static kt_status call_provider(const kt_context *context) {
  buffer answer = {0, 0, 0}, value = {0, 0, 0};
  kt_provider provider = {sizeof(kt_provider), 0, 0, 0, 0};
  kt_reply reply = {&answer, append, append_error};
  context->open_provider(context->ctx, variable("ECHO_INTERFACE"), variable("ECHO_PROVIDER"), &provider);
  provider.call(provider.ctx, variable("ECHO_METHOD"), variable("ECHO_REQUEST"), NULL, reply);
  provider.close(provider.ctx);
  append_text(&value, answer.failed ? "{\"error\":" : "{\"result\":");
  kt_str json = {answer.bytes, answer.len};
  append(&value, json);
  append_text(&value, "}");
  kt_str whole = {value.bytes, value.len};
  kt_status status = result(context, whole);
  free(answer.bytes);
  free(value.bytes);
  return status;
}

static int has(kt_str text, const char *word) {
  size_t n = strlen(word);
  for (size_t i = 0; i + n <= text.len; i++)
    if (memcmp(text.ptr + i, word, n) == 0) return 1;
  return 0;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  if (has(invocation, "[\"echo\",\"providers\"]")) return providers(context);
  if (has(invocation, "[\"echo\",\"call\"]")) return call_provider(context);
  return result(context, invocation);
}

static void record(const char *interface, kt_str method, kt_str json) {
  const char *path = getenv("ECHO_LOG");
  FILE *file = path ? fopen(path, "a") : NULL;
  if (!file) return;
  fprintf(file, "{\"interface\":\"%s\",\"method\":\"%.*s\",\"request\":%.*s}\n", interface, (int)method.len, method.ptr,
          (int)json.len, json.ptr);
  fclose(file);
}

static kt_status complete(void *state, kt_str request, const kt_context *context, kt_sink values) {
  (void)state, (void)context;
  kt_str method = KT_STR("complete"), value = KT_STR("value\tA value\n");
  record("kt.command/1", method, request);
  if (has(request, "\"arg\":\"dynamic\"")) values.write(values.ctx, value);
  return KT_OK;
}

static kt_status answer(kt_reply reply, const char *json) {
  kt_str text = {json, strlen(json)};
  reply.write(reply.ctx, text);
  return KT_OK;
}

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)context;
  record((const char *)ctx, method, json);
  if (has(method, "describe")) return answer(reply, "{\"name\":\"echo\",\"version\":\"1.0.0\",\"os\":[\"linux\"]}");
  if (has(method, "inspect")) return answer(reply, "{\"probes\":[]}");
  if (has(method, "detect")) return answer(reply, "{\"availability\":\"available\",\"supervisor\":\"echo 1\"}");
  if (has(method, "observe")) return answer(reply, "{\"reachable\":true,\"installed\":false}");
  if (has(method, "logs")) return answer(reply, "{\"sources\":[]}");
  if (has(method, "check")) return answer(reply, "[{\"name\":\"echo\",\"state\":\"passed\",\"message\":\"heard\"}]");
  return answer(reply, "{\"artifacts\":[{\"path\":\"/nonexistent/echo\",\"mode\":420,\"content\":\"\"}],\"steps\":[]}");
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, run, complete};
static char service_id[] = "kt.service/1", doctor_id[] = "kt.doctor/1";
static const kt_interface_v1 service = {sizeof(kt_interface_v1), 0, service_id, call};
static const kt_interface_v1 doctor = {sizeof(kt_interface_v1), 0, doctor_id, call};

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  if (has(id, "kt.command/1")) return &command;
  if (has(id, "kt.service/1")) return &service;
  if (has(id, "kt.doctor/1")) return &doctor;
  return 0;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("echo"), KT_STR("1.0.0"), init, 0, get_interface};
