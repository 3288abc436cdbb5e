/* A kt plugin that fails in the way that the environment variable FAULT says: while the
 * library is mapped, in `init`, in a method or in a command. */
#define _GNU_SOURCE
#include "kt_plugin.h"
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

KT_EMBED_MANIFEST("plugin.toml");

static int is(const char *fault) {
  const char *value = getenv("FAULT");
  return value && strcmp(value, fault) == 0;
}

static void fault_signal(void) {
  volatile int *nowhere = 0;
  *nowhere = 1;
}

static int exhaust_stack(volatile int depth) {
  volatile char frame[4096];
  frame[0] = (char)depth;
  if (depth < 0) return 0;
  return exhaust_stack(depth + 1) + frame[0];
}

static void *fault_in_thread(void *arg) {
  fault_signal();
  return arg;
}

static void exhaust_memory(void) {
  for (;;) {
    char *block = malloc(16 << 20);
    if (!block) {
      fprintf(stderr, "faulty: out of memory\n");
      abort();
    }
    memset(block, 1, 16 << 20);
  }
}

/* Faults that end the process, or never return. */
static void fail_hard(void) {
  if (is("segv")) fault_signal();
  if (is("abort")) abort();
  if (is("stack")) exhaust_stack(0);
  if (is("trap")) __builtin_trap();
  if (is("thread-segv")) {
    pthread_t thread;
    pthread_create(&thread, 0, fault_in_thread, 0);
    pthread_join(thread, 0);
  }
  if (is("kill")) raise(SIGKILL);
  if (is("term")) raise(SIGTERM);
  if (is("exit-0")) exit(0);
  if (is("exit-5")) exit(5);
  if (is("_exit-0")) _exit(0);
  if (is("_exit-5")) _exit(5);
  if (is("memory")) exhaust_memory();
  if (is("hang"))
    for (;;) pause();
  if (is("spin"))
    for (volatile long i = 0;; i++) {
    }
  if (is("last-words")) {
    for (int i = 1; i <= 25; i++) fprintf(stderr, "line %d\n", i);
    _exit(5);
  }
  /* A child that keeps every descriptor open, in the same group. */
  if (is("fork-exit")) {
    if (fork() == 0)
      for (;;) pause();
    _exit(5);
  }
}

/* Faults after which the plugin goes on. */
static void fail_softly(void) {
  if (is("closes-stdout")) close(1);
  if (is("writes-stdout")) {
    printf("rogue\n");
    fflush(stdout);
  }
  if (is("reads-stdin")) {
    char byte;
    if (read(0, &byte, 1) != 0) _exit(6);
  }
  if (is("fork")) {
    if (fork() == 0)
      for (;;) pause();
  }
}

static kt_status call(void *ctx, kt_str method, kt_str json, const kt_context *context, kt_reply reply) {
  (void)ctx, (void)method, (void)json, (void)context;
  kt_str garbage = KT_STR("}{"), junk = KT_STR("junk"), fine = KT_STR("\"fine\"");
  fail_hard();
  fail_softly();
  if (is("empty")) return KT_OK;
  if (is("fail")) return KT_E_FAILED;
  if (is("unsupported")) return KT_E_UNSUPPORTED;
  if (is("junk-error")) {
    reply.fail(reply.ctx, junk);
    return KT_E_FAILED;
  }
  reply.write(reply.ctx, is("garbage") ? garbage : fine);
  return KT_OK;
}

static kt_status run(void *state, kt_str invocation, const kt_context *context) {
  (void)state, (void)invocation;
  kt_str fine = KT_STR("{\"schema\":\"example.faulty/1\",\"value\":\"fine\",\"view\":{\"text\":\"fine\\n\"}}");
  kt_str garbage = KT_STR("}{"), junk = KT_STR("junk");
  fail_hard();
  fail_softly();
  if (is("empty")) return KT_OK;
  if (is("fail")) return KT_E_FAILED;
  if (is("unsupported")) return KT_E_UNSUPPORTED;
  if (is("junk-error")) {
    context->fail(context->ctx, junk);
    return KT_E_FAILED;
  }
  return context->emit(context->ctx, KT_EMIT_RESULT, is("garbage") ? garbage : fine);
}

__attribute__((constructor)) static void while_mapped(void) {
  if (is("constructor-segv")) fault_signal();
  if (is("constructor-exit")) exit(3);
}

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  if (is("init-segv")) fault_signal();
  if (is("init-exit")) exit(3);
  return KT_OK;
}

static void shutdown_(void *state, uint64_t deadline_unix_ms) {
  (void)state, (void)deadline_unix_ms;
  if (is("shutdown-segv")) fault_signal();
  if (is("shutdown-hang"))
    for (;;) pause();
}

static const kt_command_v1 command = {sizeof(kt_command_v1), 0, run, 0};
static const kt_interface_v1 reply_interface = {sizeof(kt_interface_v1), 0, 0, call};

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  if (id.len == 12 && memcmp(id.ptr, "kt.command/1", 12) == 0) return &command;
  return &reply_interface;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC,
    sizeof(kt_plugin),
    KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("faulty"), KT_STR("1.0.0"),
    init, shutdown_, get_interface};
