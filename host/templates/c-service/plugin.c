/* A service backend of kt for runit, in C.
 *
 * It only translates: it returns probes and evaluates their results, and returns files
 * and steps.  kt runs the programs and writes the files.  The user runs
 * `runsvdir ~/service`; a service is the directory ~/.local/share/runit/sv/NAME with a link
 * in ~/service. */
#include "json.h"
#include "kt_plugin.h"
#include "message.h"
#include "plan.h"
#include "script.h"

KT_EMBED_MANIFEST("plugin.toml");

/* ---- the methods -------------------------------------------------------- */

static void probe_run(json_buffer *out, const char *id, const char *const *argv) {
  comma(out);
  json_raw(out, "{\"id\":");
  add_text(out, id);
  json_raw(out, ",\"action\":{\"run\":{");
  add_argv(out, argv);
  json_raw(out, ",\"timeout_ms\":" PROBE_MS "}}}");
}

static void probe_file(json_buffer *out, const char *id, const char *kind, const json_buffer *dir, const char *file) {
  comma(out);
  json_raw(out, "{\"id\":");
  add_text(out, id);
  json_raw(out, ",\"action\":{\"");
  json_raw(out, kind);
  json_raw(out, "\":");
  add_path(out, dir, file);
  json_raw(out, "}}");
}

static void inspect(json_buffer *out, kt_str request) {
  kt_str target = json_get(json_get(request, "target"), "service");
  service s;
  service_read(&s, json_get(target, "family"), json_get(target, "name"), json_get(request, "system"));
  const char *status[] = {"sv", "status", c_text(&s.dir), 0}, *scan = c_text(&s.scan);
  const char *runsvdir[] = {"pgrep", "-f", 0, 0};
  json_buffer pattern = {0, 0, 0};
  json_raw(&pattern, "(^|/)runsvdir ([^ ]+ )*");
  for (const char *c = scan; *c; c++) {
    kt_str one = {c, 1};
    if (strchr(".[]()*+?{}|^$\\", *c)) json_raw(&pattern, "\\");
    json_add(&pattern, one);
  }
  json_raw(&pattern, "( |$)");
  runsvdir[2] = c_text(&pattern);
  json_raw(out, "{\"probes\":[");
  probe_run(out, "runsvdir", runsvdir);
  if (target.len) {
    probe_run(out, "status", status);
    probe_file(out, "run", "stat", &s.dir, "run");
    probe_file(out, "link", "stat", &s.link, 0);
    probe_file(out, "down", "stat", &s.dir, "down");
    probe_file(out, "last", "read", &s.dir, "last-exit");
    probe_file(out, "codes", "read", &s.dir, "park-exit-codes");
  }
  json_raw(out, "]}");
  free(pattern.bytes);
  service_free(&s);
}

/* The outcome of a probe. */
static kt_str outcome(kt_str results, const char *id) {
  kt_str result, none = {"", 0};
  size_t at = 0;
  while (json_next(results, &at, &result)) {
    kt_str name = json_inner(json_get(result, "id"));
    if (json_is(name, id)) return json_get(result, "outcome");
  }
  return none;
}

static int exited_with_0(kt_str result) { return json_is(json_get(json_get(result, "exited"), "code"), "0"); }

static void detect(json_buffer *out, kt_str request) {
  kt_str found = outcome(json_get(request, "results"), "runsvdir");
  service s;
  kt_str none = {"", 0};
  service_read(&s, none, none, json_get(request, "system"));
  if (exited_with_0(found)) {
    json_raw(out, "{\"availability\":\"available\",\"supervisor\":\"runit\"}");
  } else {
    json_raw(out, "{\"availability\":\"unavailable\",\"supervisor\":\"runit\",\"reasons\":[{\"code\":\"no-supervisor\",\"message\":\"no runsvdir runs over `");
    json_escape(out, json_text(&s.scan));
    json_raw(out, "`\",\"fix\":\"mkdir -p ~/service && runsvdir ~/service &\"}]}");
  }
  service_free(&s);
}

static const char *exists(kt_str result) {
  if (json_get(result, "metadata").len) return "true";
  return json_is(result, "\"not-found\"") ? "false" : "null";
}

static int begins(const json_buffer *text, const char *word) {
  return text->len >= strlen(word) && !memcmp(text->bytes, word, strlen(word));
}

static int contains(const json_buffer *text, const char *word) {
  for (size_t i = 0; i + strlen(word) <= text->len; i++)
    if (!memcmp(text->bytes + i, word, strlen(word))) return 1;
  return 0;
}

/* `run: DIR: (pid 12) 3s, want down`, `down: DIR: 1s, normally up, want up`, `finish: …` */
static const char *active_state(const json_buffer *line, int loaded, int parked, long code) {
  if (!loaded) return "inactive";
  if (begins(line, "run:")) return contains(line, "want down") ? "deactivating" : "active";
  if (begins(line, "finish:")) return contains(line, "want down") ? "deactivating" : "restarting";
  if (contains(line, "want up")) return code ? "restarting" : "activating";
  return parked ? "failed" : "inactive";
}

static void observe(json_buffer *out, kt_str request) {
  kt_str results = json_get(request, "results"), exited = json_get(outcome(results, "status"), "exited");
  json_buffer line = {0, 0, 0}, last = {0, 0, 0}, codes = {0, 0, 0};
  service s;
  service_read(&s, json_get(request, "family"), json_get(request, "name"), json_get(request, "system"));
  json_unescape(&line, json_get(exited, "stdout"));
  json_unescape(&last, json_get(outcome(results, "last"), "content"));
  json_unescape(&codes, json_get(outcome(results, "codes"), "content"));
  const int reachable = exited_with_0(outcome(results, "runsvdir")), loaded = json_is(json_get(exited, "code"), "0");
  const char *installed = exists(outcome(results, "run")), *linked = exists(outcome(results, "link"));
  const char *down = exists(outcome(results, "down"));
  char *rest = "";
  long code = last.len ? strtol(c_text(&last), &rest, 10) : 0, signal = strtol(rest, NULL, 10);
  int parked = 0;
  for (char *next = codes.len ? (char *)c_text(&codes) : ""; *next && last.len;) {
    char *end;
    if (strtol(next, &end, 10) == code && end != next) parked = 1;
    if (end == next) break;
    next = end;
  }
  const char *pid = 0;
  for (size_t i = 0; i + 5 < line.len && begins(&line, "run:"); i++)
    if (!memcmp(line.bytes + i, "(pid ", 5)) pid = c_text(&line) + i + 5;
  json_raw(out, "{\"supervisor\":\"runit\",\"unit\":");
  add_quoted(out, json_text(&s.unit));
  json_raw(out, reachable ? ",\"reachable\":true" : ",\"reachable\":false,\"unreachable_reason\":\"no runsvdir is running\"");
  json_raw(out, ",\"installed\":");
  json_raw(out, installed);
  json_raw(out, loaded ? ",\"loaded\":true" : ",\"loaded\":false");
  json_raw(out, ",\"enabled\":");
  json_raw(out, strcmp(linked, "true") ? linked : strcmp(down, "true") ? "true" : "false");
  json_raw(out, ",\"active_state\":");
  add_text(out, active_state(&line, loaded, parked, code));
  json_raw(out, ",\"sub_state\":");
  add_text(out, begins(&line, "run:") ? "run" : begins(&line, "finish:") ? "finish" : "down");
  if (pid) {
    char number[24] = {0};
    for (size_t i = 0; i < sizeof number - 1 && pid[i] >= '0' && pid[i] <= '9'; i++) number[i] = pid[i];
    json_raw(out, ",\"pid\":");
    json_raw(out, number);
  }
  if (!strcmp(installed, "true")) {
    json_raw(out, ",\"fragment_path\":");
    add_path(out, &s.dir, "run");
  }
  if (begins(&line, "run:") && !strcmp(installed, "false")) json_raw(out, ",\"orphaned\":true");
  if (last.len) {
    const int clean = code == 0 || (code == -1 && signal == 15);
    json_raw(out, ",\"last_exit\":{\"kind\":");
    add_text(out, parked ? "parked" : clean ? "clean" : code == 111 || code == 126 || code == 127 ? "setup" : "crash");
    if (code >= 0) {
      char number[16] = {0};
      for (size_t i = 0; i < 4 && last.bytes[i] >= '0' && last.bytes[i] <= '9'; i++) number[i] = last.bytes[i];
      json_raw(out, ",\"code\":");
      json_raw(out, number);
    }
    json_raw(out, "}");
  }
  json_raw(out, "}");
  free(line.bytes);
  free(last.bytes);
  free(codes.bytes);
  service_free(&s);
}

/* 0 if the specification cannot be expressed. */
static int render(json_buffer *out, kt_str request) {
  kt_str spec = json_get(request, "spec"), system = json_get(request, "system");
  service s;
  service_read(&s, json_get(spec, "family"), json_get(spec, "name"), system);
  json_raw(out, "{");
  int valid = artifacts(out, &s, spec, system);
  steps(out, &s, request);
  json_raw(out, "}");
  service_free(&s);
  return valid;
}

static void logs(json_buffer *out, kt_str request) {
  kt_str file = json_get(json_get(request, "spec"), "stderr_file");
  json_raw(out, "{\"sources\":[");
  if (file.len && !json_is(file, "null")) {
    json_raw(out, "{\"file\":");
    json_add(out, file);
    json_raw(out, "}");
  }
  json_raw(out, "]}");
}

static kt_status call(void *ctx, kt_str method, kt_str request, const kt_context *context, kt_reply reply) {
  static const kt_str unusable = KT_STR(
      "{\"id\":\"argument-unusable\",\"class\":\"usage\",\"message\":\"an argument contains a null byte\"}");
  static const kt_str unsupported =
      KT_STR("{\"id\":\"unsupported-method\",\"class\":\"plugin\",\"message\":\"no such method\"}");
  const kt_str *error = 0;
  json_buffer out = {0, 0, 0};
  (void)ctx, (void)context;
  if (json_is(method, "describe")) {
    json_raw(&out, "{\"name\":\"{{name}}\",\"version\":\"0.1.0\",\"os\":[\"linux\"],"
                   "\"capabilities\":{\"park_by_exit_code\":true,\"environment_file\":true}}");
  } else if (json_is(method, "inspect")) {
    inspect(&out, request);
  } else if (json_is(method, "detect")) {
    detect(&out, request);
  } else if (json_is(method, "observe")) {
    observe(&out, request);
  } else if (json_is(method, "render")) {
    if (!render(&out, request)) error = &unusable;
  } else if (json_is(method, "logs")) {
    logs(&out, request);
  } else {
    error = &unsupported;
  }
  if (error) reply.fail(reply.ctx, *error);
  else reply.write(reply.ctx, json_text(&out));
  free(out.bytes);
  return error ? (error == &unsupported ? KT_E_UNSUPPORTED : KT_E_FAILED) : KT_OK;
}

static const kt_interface_v1 backend = {sizeof(kt_interface_v1), 0, 0, call};

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  return json_is(id, "kt.service/1") ? &backend : 0;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("{{name}}"), KT_STR("0.1.0"), init, 0, get_interface};
