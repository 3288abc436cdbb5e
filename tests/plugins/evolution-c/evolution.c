/* Reports the fields that a next minor version of the ABI would append, as it sees
 * them in the structs of the host. Built with the header of this version, and with one
 * in which every struct that may grow has a field `next`. */
#include "kt_plugin.h"
#include <stdio.h>
#include <string.h>

#ifndef EVOLUTION_NAME
#define EVOLUTION_NAME "evolution"
#endif
#define NEXT 11

/* The value of `next` in a struct of the host; 0 if it is absent. */
#if KT_ABI_MINOR > 0
#define NEXT_OF(p, T) (KT_HAS_FIELD(p, T, next) ? (int)(p)->next : 0)
#define WITH_NEXT , NEXT
#define VIEW "{\"gauge\":\"full\"}"
#else
#define NEXT_OF(p, T) 0
#define WITH_NEXT
#define VIEW "{\"text\":\"versions\\n\"}"
#endif

KT_EMBED_MANIFEST("plugin.toml");

static const kt_host *host;

typedef struct answer {
  char text[256];
  size_t len;
} answer;

static void append(void *ctx, kt_str chunk) {
  answer *a = (answer *)ctx;
  size_t room = sizeof a->text - 1 - a->len;
  size_t n = chunk.len < room ? chunk.len : room;
  memcpy(a->text + a->len, chunk.ptr, n);
  a->len += n;
}

/* Copies the value of a text member, good enough for what the tests send. */
static kt_str member(kt_str json, const char *key) {
  kt_str found = {0, 0};
  size_t n = strlen(key);
  for (size_t i = 0; i + n < json.len; i++)
    if (memcmp(json.ptr + i, key, n) == 0) {
      found.ptr = json.ptr + i + n;
      while (i + n + found.len < json.len && found.ptr[found.len] != '"') found.len++;
      break;
    }
  return found;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  kt_str id = KT_STR("example.evolution/1"), method = KT_STR("versions"), null = KT_STR("null");
  /* Followed by bytes that a newer host must not touch. */
  struct { kt_provider provider; unsigned char guard[32]; } open;
  memset(&open, 0, sizeof open);
  memset(open.guard, 0x5a, sizeof open.guard);
  open.provider.size = sizeof open.provider;
  context->open_provider(context->ctx, id, member(invocation, "\"of\":\""), &open.provider);
  for (size_t i = 0; i < sizeof open.guard; i++)
    if (open.guard[i] != 0x5a) return KT_E_FAILED;
  answer a;
  memset(&a, 0, sizeof a);
  kt_reply reply = {&a, append, append};
  kt_call_options options = {sizeof options, 0, 0 WITH_NEXT};
  kt_status status = open.provider.call(open.provider.ctx, method, null, &options, reply);
  char json[1024];
  int n = snprintf(json, sizeof json,
                   "{\"schema\":\"example.versions/1\",\"value\":{\"host_minor\":%d,\"host\":%d,\"context\":%d,"
                   "\"provider\":%d,\"status\":%d,\"reply\":%s},\"view\":" VIEW "}",
                   host->abi_minor, NEXT_OF(host, kt_host), NEXT_OF(context, kt_context),
                   NEXT_OF(&open.provider, kt_provider), status, a.text);
  open.provider.close(open.provider.ctx);
  kt_str result = {json, (size_t)n};
  return context->emit(context->ctx, KT_EMIT_RESULT, result);
}

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)ctx, (void)method, (void)json, (void)context;
  char text[64];
  kt_str out = {text, (size_t)snprintf(text, sizeof text, "{\"context\":%d}", NEXT_OF(context, kt_context))};
  reply.write(reply.ctx, out);
  return KT_OK;
}

static const kt_command_v1 command = {sizeof command, 0, run, 0 WITH_NEXT};
static const kt_interface_v1 interface = {sizeof interface, 0, 0, call WITH_NEXT};

static kt_status init(const kt_host *given, void **state) {
  host = given;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  static const char COMMAND[] = "kt.command/1";
  (void)state, (void)name;
  if (id.len == sizeof COMMAND - 1 && memcmp(id.ptr, COMMAND, id.len) == 0) return &command;
  return &interface;
}

const kt_plugin kt_plugin_v1 = {
    KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR(EVOLUTION_NAME), KT_STR("1.0.0"), init, 0, get_interface WITH_NEXT};
