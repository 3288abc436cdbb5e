/* {{name}}: a guard for gateways of kt.  It redacts or blocks the words of its settings. */
#include "json.h"
#include "kt_plugin.h"
#include "words.h"
#include <stdio.h>

KT_EMBED_MANIFEST("plugin.toml");

/* The gateway takes no answer with more. */
#define MAX_SPANS 10000

/* Reads the settings; 0 if they are not valid. */
static int settings_read(kt_str settings, wordlist *redact, wordlist *block) {
  kt_str key, value;
  size_t at = 0;
  if (!settings.len) return 1;
  while (json_next(settings, &at, &key) && json_next(settings, &at, &value)) {
    wordlist *list = json_is(key, "\"redact\"") ? redact : json_is(key, "\"block\"") ? block : 0;
    if (!list || list->count || !words_read(list, value)) return 0;
  }
  return 1;
}

static void begin_verdict(json_buffer *out, kt_str index, const char *rest) {
  if (out->bytes[out->len - 1] != '[') json_raw(out, ",");
  json_raw(out, "{\"index\":");
  json_add(out, index);
  json_raw(out, rest);
}

/* Adds the spans of the words in a text; returns their number. */
static size_t add_spans(json_buffer *out, kt_str text, const wordlist *redact, size_t most) {
  word_place place = {0, 0, 0, 0};
  size_t count = 0;
  while (count <= most && word_next(text, redact, &place)) {
    char span[96];
    snprintf(span, sizeof span, "%s{\"start\":%zu,\"end\":%zu,\"label\":\"WORD\"}", count ? "," : "", place.start, place.end);
    json_raw(out, span);
    count++;
  }
  return count;
}

static void judge(json_buffer *out, kt_str request, const wordlist *redact, const wordlist *block) {
  kt_str texts = json_get(request, "texts"), item;
  size_t at = 0, left = MAX_SPANS;
  json_raw(out, "{\"verdicts\":[");
  while (json_next(texts, &at, &item)) {
    kt_str index = json_get(item, "index");
    json_buffer bytes = {0, 0, 0}, spans = {0, 0, 0};
    json_unescape(&bytes, json_get(item, "text"));
    kt_str text = json_text(&bytes);
    word_place blocked = {0, 0, 0, 0};
    size_t count = 0;
    if (word_next(text, block, &blocked)) {
      begin_verdict(out, index, ",\"verdict\":\"block\",\"reason\":\"blocked-word\"}");
    } else if ((count = add_spans(&spans, text, redact, left)) > left) {
      begin_verdict(out, index, ",\"verdict\":\"block\",\"reason\":\"too-many-words\"}");
    } else if (count) {
      begin_verdict(out, index, ",\"verdict\":\"redact\",\"spans\":[");
      json_add(out, json_text(&spans));
      json_raw(out, "]}");
      left -= count;
    }
    free(bytes.bytes);
    free(spans.bytes);
  }
  json_raw(out, "]}");
}

static kt_status call(void *ctx, kt_str method, kt_str request, const kt_context *context, kt_reply reply) {
  static const kt_str invalid = KT_STR("{\"id\":\"invalid-settings\",\"class\":\"settings\","
                                       "\"message\":\"the settings are not `redact` and `block`, lists of words\"}");
  static const kt_str unsupported =
      KT_STR("{\"id\":\"unsupported-method\",\"class\":\"plugin\",\"message\":\"no such method\"}");
  kt_status status = KT_OK;
  json_buffer out = {0, 0, 0};
  wordlist redact = {0, 0}, block = {0, 0};
  (void)ctx, (void)context;
  if (json_is(method, "describe")) {
    json_raw(&out, "{\"about\":\"Finds the words of a list\",\"labels\":[\"WORD\"]}");
  } else if (!json_is(method, "judge")) {
    reply.fail(reply.ctx, unsupported);
    status = KT_E_UNSUPPORTED;
  } else if (!settings_read(json_get(request, "settings"), &redact, &block)) {
    /* The operator sees the error in the log of the gateway. */
    reply.fail(reply.ctx, invalid);
    status = KT_E_FAILED;
  } else {
    judge(&out, request, &redact, &block);
  }
  if (status == KT_OK) reply.write(reply.ctx, json_text(&out));
  free(out.bytes);
  words_free(&redact);
  words_free(&block);
  return status;
}

static const kt_interface_v1 guard = {sizeof(kt_interface_v1), 0, 0, call};

static kt_status init(const kt_host *host, void **state) {
  (void)host;
  *state = 0;
  return KT_OK;
}

static const void *get_interface(void *state, kt_str id, kt_str name) {
  (void)state, (void)name;
  return json_is(id, "kt.policy/1") ? &guard : 0;
}

KT_EXPORT const kt_plugin kt_plugin_v1 = {
    KT_MAGIC, sizeof(kt_plugin), KT_ABI_MAJOR, KT_ABI_MINOR, 0, 0, 0,
    KT_STR("{{name}}"), KT_STR("0.1.0"), init, 0, get_interface};
