/* The entry block, and calls of the host. */
#include "plugin.h"
#include "_cgo_export.h"

KT_EMBED_MANIFEST("plugin.toml");

kt_status host_emit(const kt_context *context, uint32_t kind, char *json, size_t len) {
  kt_str text = {json, len};
  return context->emit(context->ctx, kind, text);
}

void host_fail(const kt_context *context, char *json, size_t len) {
  kt_str text = {json, len};
  context->fail(context->ctx, text);
}

int32_t host_cancelled(const kt_context *context) { return context->cancelled(context->ctx); }

intptr_t host_cancel_fd(const kt_context *context) { return context->cancel_fd(context->ctx); }

void fault(void) {
  volatile int *nothing = 0;
  *nothing = 1;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  return greeterRun((char *)invocation.ptr, invocation.len, (kt_context *)context);
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, run, 0};

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  static const char command_id[] = "kt.command/1";
  (void)state, (void)name;
  if (id.len != sizeof(command_id) - 1) return 0;
  for (size_t i = 0; i < id.len; i++)
    if (id.ptr[i] != command_id[i]) return 0;
  return &command;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC,
    sizeof(kt_plugin),
    KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("greeter-go"), KT_STR("1.0.0"),
    init, 0, get_interface};
