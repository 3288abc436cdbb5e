/* Unit tests of words.h. */
#include "words.h"
#include <stdio.h>

static int failed;

/* Compares the places of words with `expected`, such as "2-8 19-28". */
static void expect(kt_str words, kt_str text, const char *expected) {
  char found[256] = "";
  wordlist list = {0, 0};
  word_place place = {0, 0, 0, 0};
  if (!words_read(&list, words)) strcpy(found, "invalid");
  while (list.count && word_next(text, &list, &place))
    snprintf(found + strlen(found), sizeof found - strlen(found), "%s%zu-%zu", *found ? " " : "", place.start, place.end);
  words_free(&list);
  if (!strcmp(found, expected)) return;
  printf("%.*s: expected <%s>, found <%s>\n", (int)text.len, text.ptr, expected, found);
  failed = 1;
}

int main(void) {
  static const kt_str words = KT_STR("[\"falcon\", \"project\", \"project x\", \"c++\", \"\\u00e9t\\u00e9\"]");
  expect(words, (kt_str)KT_STR("\xf0\x9f\x98\x80 Falcon, falcons, PROJECT X"), "2-8 19-28");
  expect(words, (kt_str)KT_STR("C++! xfalcon \xc3\xa9t\xc3\xa9"), "0-3 13-16");
  expect(words, (kt_str)KT_STR("falcon\xc3\xa9 \xc3\xa9""falcon"), "");
  expect(words, (kt_str)KT_STR("\xe2\x80\x9c""falcon\xe2\x80\x9d, falcon\xf0\x9f\x98\x80 \xe4\xb8\xad""falcon"), "1-7 10-16");
  expect((kt_str)KT_STR("[]"), (kt_str)KT_STR("falcon"), "");
  expect((kt_str)KT_STR("\"falcon\""), (kt_str)KT_STR("falcon"), "invalid");
  expect((kt_str)KT_STR("[\"\"]"), (kt_str)KT_STR("falcon"), "invalid");
  expect((kt_str)KT_STR("[1]"), (kt_str)KT_STR("falcon"), "invalid");
  puts(failed ? "failed" : "words.h: ok");
  return failed;
}
