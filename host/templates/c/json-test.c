/* Unit tests of json.h. */
#include "json.h"
#include <stdio.h>

static int failed;

static void expect(const char *what, kt_str found, const char *expected) {
  if (json_is(found, expected)) return;
  printf("%s: expected <%s>, found <%.*s>\n", what, expected, (int)found.len, found.ptr);
  failed = 1;
}

int main(void) {
  kt_str json = KT_STR("{ \"a\": {\"b\": [1, \"x,]\\\"\", {}]}, \"n\" : -2.5,\"t\":\"q\\\"\\u00e9\\ud83d\\ude00\\n\" }");
  kt_str list = json_get(json_get(json, "a"), "b"), item;
  size_t at = 0;
  expect("number", json_get(json, "n"), "-2.5");
  expect("absent", json_get(json, "none"), "");
  expect("first", json_next(list, &at, &item) ? item : list, "1");
  expect("second", json_next(list, &at, &item) ? item : list, "\"x,]\\\"\"");
  expect("third", json_next(list, &at, &item) ? item : list, "{}");
  if (json_next(list, &at, &item)) failed = 1;
  json_buffer text = {0, 0, 0}, again = {0, 0, 0};
  json_unescape(&text, json_get(json, "t"));
  expect("unescaped", json_text(&text), "q\"\xc3\xa9\xf0\x9f\x98\x80\n");
  json_escape(&again, json_text(&text));
  expect("escaped", json_text(&again), "q\\\"\xc3\xa9\xf0\x9f\x98\x80\\u000a");
  free(text.bytes);
  free(again.bytes);
  puts(failed ? "failed" : "json.h: ok");
  return failed;
}
