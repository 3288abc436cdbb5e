/* A kt plugin written against kt_plugin.h and nothing else. */
#include "kt_plugin.h"

KT_EMBED_MANIFEST("plugin.toml");

static int contains(kt_str text, const char *word) {
  size_t n = 0;
  while (word[n]) n++;
  for (size_t i = 0; i + n <= text.len; i++) {
    size_t k = 0;
    while (k < n && text.ptr[i + k] == word[k]) k++;
    if (k == n) return 1;
  }
  return 0;
}

static kt_status result(const kt_context *context, const char *json, size_t len) {
  kt_str text = {json, len};
  return context->emit(context->ctx, KT_EMIT_RESULT, text);
}

#define RESULT(context, json) result((context), (json), sizeof(json) - 1)

/* The answer of the interface goes straight on as the command's result. */
typedef struct forward {
  const kt_context *context;
  kt_status status;
} forward;

static void forward_put(void *ctx, kt_str chunk) {
  forward *f = (forward *)ctx;
  f->status = f->context->emit(f->context->ctx, KT_EMIT_RESULT, chunk);
}

static void forward_fail(void *ctx, kt_str error) {
  forward *f = (forward *)ctx;
  f->context->fail(f->context->ctx, error);
  f->status = KT_E_FAILED;
}

static kt_status ask(const kt_context *context) {
  kt_str id = KT_STR("example.greeting/1"), any = {0, 0}, method = KT_STR("greeting"), none = KT_STR("null");
  kt_provider provider = {sizeof(kt_provider), 0, 0, 0, 0};
  if (!KT_HAS_FIELD(context, kt_context, open_provider)) return KT_E_UNSUPPORTED;
  context->open_provider(context->ctx, id, any, &provider);
  forward f = {context, KT_OK};
  kt_reply reply = {&f, forward_put, forward_fail};
  kt_status status = provider.call(provider.ctx, method, none, NULL, reply);
  if (KT_HAS_FIELD(&provider, kt_provider, close)) provider.close(provider.ctx);
  return status == KT_OK ? f.status : status;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  if (contains(invocation, "\"greet\",\"fail\"")) {
    kt_str error = KT_STR("{\"id\":\"no-greeting\",\"class\":\"not-found\",\"message\":\"nobody to greet\",\"hints\":[\"try another door\"]}");
    context->fail(context->ctx, error);
    return KT_E_FAILED;
  }
  if (contains(invocation, "\"greet\",\"ask\"")) return ask(context);
  if (contains(invocation, "\"name\":\"world\""))
    return RESULT(context, "{\"schema\":\"example.greet/1\",\"value\":{\"text\":\"hello, world\"},\"view\":{\"text\":\"hello, world\\n\"},\"name_path\":\"/text\"}");
  return RESULT(context, "{\"schema\":\"example.greet/1\",\"value\":{\"text\":\"hello, you\"},\"view\":{\"text\":\"hello, you\\n\"},\"name_path\":\"/text\"}");
}

static kt_status complete(void *state, kt_str request, const kt_context *context, kt_sink values) {
  kt_str lines = KT_STR("ann\tat the door\nanton\nworld\tthe default\n");
  (void)state, (void)context;
  /* The host offers those that begin with what is typed. */
  if (contains(request, "\"arg\":\"name\"")) values.write(values.ctx, lines);
  return KT_OK;
}

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)ctx, (void)json, (void)context;
  if (!contains(method, "greeting")) {
    kt_str error = KT_STR("{\"id\":\"unsupported-method\",\"class\":\"plugin\",\"message\":\"only `greeting` is known\"}");
    reply.fail(reply.ctx, error);
    return KT_E_UNSUPPORTED;
  }
  kt_str text = KT_STR("{\"schema\":\"example.greet/1\",\"value\":{\"text\":\"hello from C\"},\"view\":{\"text\":\"hello from C\\n\"},\"name_path\":\"/text\"}");
  reply.write(reply.ctx, text);
  return KT_OK;
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, run, complete};
static const kt_interface_v1 greeting = {sizeof(kt_interface_v1), 0, 0, call};

static kt_status init(const kt_host *host, void **state) {
  kt_str target = KT_STR("greeter-c"), message = KT_STR("started"), fields = {0, 0};
  *state = 0;
  if (KT_HAS_FIELD(host, kt_host, log)) host->log(host->ctx, KT_LOG_DEBUG, target, message, fields);
  return KT_OK;
}

static void shutdown_(void *state, uint64_t deadline_unix_ms) { (void)state, (void)deadline_unix_ms; }

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  if (contains(id, "kt.command/1")) return &command;
  if (contains(id, "example.greeting/1")) return &greeting;
  return 0;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC,
    sizeof(kt_plugin),
    KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("greeter-c"), KT_STR("1.0.0"),
    init, shutdown_, get_interface};
