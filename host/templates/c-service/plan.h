/* The steps of each action, with their rollback. */
#ifndef PLAN_H
#define PLAN_H
#include "message.h"

/* ---- the steps ---------------------------------------------------------- */

static int was_running(kt_str status) {
  kt_str state = json_get(status, "active_state");
  return json_is(state, "\"active\"") || json_is(state, "\"activating\"") || json_is(state, "\"restarting\"");
}

static void steps(json_buffer *out, service *s, kt_str request) {
  kt_str action = json_get(request, "action"), status = json_get(request, "status");
  kt_str options = json_get(request, "options"), spec = json_get(request, "spec");
  const char *dir = c_text(&s->dir), *link = c_text(&s->link), *scan = c_text(&s->scan);
  json_buffer down = {0, 0, 0}, last = {0, 0, 0}, wait = {0, 0, 0}, wait_ms = {0, 0, 0}, supervise = {0, 0, 0};
  json_add(&down, json_text(&s->dir));
  json_raw(&down, "/down");
  json_add(&last, json_text(&s->dir));
  json_raw(&last, "/last-exit");
  json_add(&supervise, json_text(&s->dir));
  json_raw(&supervise, "/supervise");
  json_add(&wait, json_get(spec, "stop_timeout_s"));
  if (!wait.len) json_raw(&wait, "10");
  json_add(&wait_ms, json_text(&wait));
  json_raw(&wait_ms, "0000");
  const char *seconds = c_text(&wait);
  const program make_scan = { {"mkdir", "-p", scan, 0}, 0, 0, 0};
  const program keep_down = { {"touch", c_text(&down), 0}, 0, 0, 0};
  const program enable = { {"rm", "-f", down.bytes, 0}, 0, 0, 0};
  const program add_link = { {"ln", "-sfn", dir, link, 0}, 0, 0, 0};
  const program remove_link = { {"rm", "-f", link, 0}, 0, 0, 0};
  const program supervised = { {"sv", "status", dir, 0}, 0, 0, "1"};
  const program released = { {"sv", "status", dir, 0}, 0, "1", "0"};
  const program quit = { {"sv", "exit", dir, 0}, 0, "0,1", 0};
  const program forget = { {"rm", "-f", c_text(&last), 0}, 0, 0, 0};
  const program up = { {"sv", "-w", "10", "start", dir, 0}, "20000", 0, "1"};
  const program start_again = { {"sv", "up", dir, 0}, 0, "0,1", 0};
  const program stop = { {"sv", "-w", seconds, "force-stop", dir, 0}, c_text(&wait_ms), 0, 0};
  const program stop_any = { {"sv", "-w", seconds, "force-stop", dir, 0}, wait_ms.bytes, "0,1", 0};
  const program clean = { {"rm", "-rf", c_text(&supervise), last.bytes, down.bytes, 0}, 0, 0, 0};
  const program remove_dir = { {"rmdir", dir, 0}, 0, "0,1", 0};
  const int install = json_is(action, "\"install\""), uninstall = json_is(action, "\"uninstall\"");
  const int restart = json_is(action, "\"restart\"");
  const int loaded = json_is(json_get(status, "loaded"), "true"), running = was_running(status);
  const int absent = json_is(json_get(status, "installed"), "false");
  const int start = install ? json_is(json_get(options, "start"), "true") : restart || json_is(action, "\"start\"");
  const int unchanged = install && running && json_is(json_get(options, "files_changed"), "false");
  const int stopping = restart || json_is(action, "\"stop\"") || uninstall || (install && start && running && !unchanged);
  json_raw(out, ",\"steps\":[");
  if (install) {
    /* Its rollback runs last: the files are restored, so the old service starts again. */
    const program *again[] = {&start_again, 0}, *nothing[] = {&clean, &remove_dir, 0};
    file_step(out, "write", &s->dir, "run");
    if (running && start) undo(out, again);
    else if (absent && !loaded) undo(out, nothing);
    end_step(out);
    file_step(out, "write", &s->dir, "finish");
    end_step(out);
    file_step(out, "write", &s->dir, "park-exit-codes");
    end_step(out);
  }
  if (!loaded && (install || start)) {
    /* With a file `down`, runit supervises the service without starting it. */
    const program *unlink_[] = {&remove_link, &quit, &released, 0};
    run_step(out, "down", "keep the service down until it is complete", &keep_down);
    end_step(out);
    run_step(out, "scan", "create the directory of runsvdir", &make_scan);
    end_step(out);
    run_step(out, "link", "add the service to runit", &add_link);
    if (absent) undo(out, unlink_);
    end_step(out);
    run_step(out, "supervised", "wait until runit supervises it", &supervised);
    end_step(out);
  }
  if (install || start) {
    run_step(out, "enable", "enable the service", &enable);
    end_step(out);
  }
  if (stopping && (loaded || !uninstall)) {
    const program *again[] = {&start_again, 0};
    run_step(out, "stop", "stop the service", loaded ? &stop : &stop_any);
    if (running && uninstall) undo(out, again);
    end_step(out);
  }
  if (start) {
    const program *stop_again[] = {&stop_any, 0};
    if (!unchanged) run_step(out, "clear", "clear the recorded exit", &forget), end_step(out);
    run_step(out, "start", "start the service", &up);
    if (install && !unchanged) undo(out, stop_again);
    json_raw(out, ",\"role\":\"start\"");
    end_step(out);
  }
  if (uninstall) {
    const program *link_again[] = {&add_link, &supervised, 0};
    run_step(out, "unlink", "remove the service from runit", &remove_link);
    if (loaded) undo(out, link_again);
    end_step(out);
    run_step(out, "exit", "end its supervision", &quit);
    end_step(out);
    run_step(out, "released", "wait until runit has released it", &released);
    end_step(out);
    file_step(out, "remove", &s->dir, "run");
    end_step(out);
    file_step(out, "remove", &s->dir, "finish");
    end_step(out);
    file_step(out, "remove", &s->dir, "park-exit-codes");
    end_step(out);
    run_step(out, "state", "remove the state of runit", &clean);
    end_step(out);
    run_step(out, "directory", "remove the empty directory", &remove_dir);
    end_step(out);
  }
  json_raw(out, "]");
  free(down.bytes);
  free(last.bytes);
  free(wait.bytes);
  free(wait_ms.bytes);
  free(supervise.bytes);
}

#endif
