/* The service of a request, and the parts of messages. */
#ifndef MESSAGE_H
#define MESSAGE_H
#include "json.h"

/* Timeouts of programs and probes, in milliseconds. */
#define CALL_MS "10000"
#define PROBE_MS "2000"

/* ---- the service of a request ----------------------------------------- */

typedef struct service {
  json_buffer unit; /* kt-gateway, or kt-gateway-NAME */
  json_buffer scan; /* the directory of runsvdir */
  json_buffer dir;  /* the service directory */
  json_buffer link; /* its link in `scan` */
} service;

static const char *c_text(json_buffer *b) {
  kt_str zero = {"", 1};
  json_add(b, zero);
  b->len--;
  return b->bytes;
}

static void service_read(service *s, kt_str family, kt_str name, kt_str system) {
  memset(s, 0, sizeof *s);
  json_unescape(&s->unit, family);
  if (!json_is(name, "\"default\"") && name.len) {
    json_raw(&s->unit, "-");
    json_unescape(&s->unit, name);
  }
  json_unescape(&s->scan, json_get(system, "home"));
  json_add(&s->dir, json_text(&s->scan));
  json_raw(&s->scan, "/service");
  json_raw(&s->dir, "/.local/share/runit/sv/");
  json_add(&s->dir, json_text(&s->unit));
  json_add(&s->link, json_text(&s->scan));
  json_raw(&s->link, "/");
  json_add(&s->link, json_text(&s->unit));
}

static void service_free(service *s) {
  free(s->unit.bytes);
  free(s->scan.bytes);
  free(s->dir.bytes);
  free(s->link.bytes);
}

/* ---- writing of messages ---------------------------------------------- */

static void add_quoted(json_buffer *b, kt_str text) {
  json_raw(b, "\"");
  json_escape(b, text);
  json_raw(b, "\"");
}

static void add_text(json_buffer *b, const char *text) {
  kt_str s = {text, strlen(text)};
  add_quoted(b, s);
}

/* "DIR/FILE", as JSON. */
static void add_path(json_buffer *b, const json_buffer *dir, const char *file) {
  json_raw(b, "\"");
  json_escape(b, json_text(dir));
  if (file) json_raw(b, "/");
  if (file) json_raw(b, file);
  json_raw(b, "\"");
}

static void comma(json_buffer *b) {
  if (b->len && b->bytes[b->len - 1] != '[' && b->bytes[b->len - 1] != '{') json_raw(b, ",");
}

/* A program of a plan or probe; `words` ends with NULL. */
static void add_argv(json_buffer *b, const char *const *words) {
  json_raw(b, "\"argv\":[");
  for (; *words; words++) {
    comma(b);
    add_text(b, *words);
  }
  json_raw(b, "]");
}

typedef struct program {
  const char *argv[8];
  const char *timeout_ms; /* NULL for CALL_MS */
  const char *success;    /* exit codes; NULL for 0 */
  const char *retry;      /* exit codes that are tried again; NULL for none */
} program;

static void add_program(json_buffer *b, const program *p) {
  const char *timeout = p->timeout_ms ? p->timeout_ms : CALL_MS;
  json_raw(b, "{");
  add_argv(b, p->argv);
  json_raw(b, ",\"timeout_ms\":");
  json_raw(b, timeout);
  json_raw(b, ",\"success_exit_codes\":[");
  json_raw(b, p->success ? p->success : "0");
  json_raw(b, "]");
  if (p->retry) {
    json_raw(b, ",\"retry\":{\"exit_codes\":[");
    json_raw(b, p->retry);
    json_raw(b, "],\"interval_ms\":100,\"timeout_ms\":" CALL_MS "}");
  }
  json_raw(b, "}");
}

/* Begins a step; end it with end_step. */
static void begin_step(json_buffer *b, const char *id, const char *description) {
  comma(b);
  json_raw(b, "{\"id\":");
  add_text(b, id);
  json_raw(b, ",\"description\":");
  add_text(b, description);
  json_raw(b, ",\"action\":");
}

static void file_step(json_buffer *b, const char *action, const json_buffer *dir, const char *file) {
  begin_step(b, action, action[0] == 'w' ? "write a file of the service" : "remove a file of the service");
  json_raw(b, "{\"");
  json_raw(b, action);
  json_raw(b, "\":");
  add_path(b, dir, file);
  json_raw(b, "}");
}

static void run_step(json_buffer *b, const char *id, const char *description, const program *p) {
  begin_step(b, id, description);
  json_raw(b, "{\"run\":");
  add_program(b, p);
  json_raw(b, "}");
}

static void undo(json_buffer *b, const program *const *programs) {
  json_raw(b, ",\"undo\":[");
  for (; *programs; programs++) {
    comma(b);
    add_program(b, *programs);
  }
  json_raw(b, "]");
}

static void end_step(json_buffer *b) { json_raw(b, "}"); }

#endif
