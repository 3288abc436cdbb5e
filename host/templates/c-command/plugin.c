/* {{name}}: a plugin of kt.  kt_plugin.h is the whole interface. */
#include "json.h"
#include "kt_plugin.h"

KT_EMBED_MANIFEST("plugin.toml");

static kt_status fail(const kt_context *context, const char *json) {
  kt_str error = {json, strlen(json)};
  context->fail(context->ctx, error);
  return KT_E_FAILED;
}

/* `kt {{name}} hello --name NAME` */
static kt_status hello(kt_str args, const kt_context *context) {
  kt_str name = json_inner(json_get(args, "name"));
  if (!name.len)
    return fail(context, "{\"id\":\"empty-name\",\"class\":\"usage\",\"message\":\"the name is empty\","
                         "\"hints\":[\"pass `--name NAME`\"]}");
  json_buffer out = {0, 0, 0};
  json_raw(&out, "{\"schema\":\"{{name}}.hello/1\",\"value\":{\"text\":\"hello, ");
  json_add(&out, name); /* JSON already: its escapes stay */
  json_raw(&out, "\"},\"view\":{\"text\":\"hello, ");
  json_add(&out, name);
  json_raw(&out, "\\n\"},\"name_path\":\"/text\"}");
  kt_status status = context->emit(context->ctx, KT_EMIT_RESULT, json_text(&out));
  free(out.bytes);
  return status;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state;
  kt_str path = json_get(invocation, "path"), args = json_get(invocation, "args");
  if (json_is(path, "[\"{{name}}\",\"hello\"]")) return hello(args, context);
  return fail(context, "{\"id\":\"unknown-command\",\"class\":\"plugin\",\"message\":\"no such command\"}");
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, run, 0};

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  return json_is(id, "kt.command/1") ? &command : 0;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("{{name}}"), KT_STR("0.1.0"), init, 0, get_interface};
