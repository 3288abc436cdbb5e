/* Reads and writes JSON, as far as a plugin needs it.  Values are slices of the input;
 * the host sends valid JSON. */
#ifndef JSON_H
#define JSON_H
#include "kt_plugin.h"
#include <stdlib.h>
#include <string.h>

/* ---- reading ---------------------------------------------------------- */

static inline size_t json_blank(kt_str s, size_t at) {
  while (at < s.len && strchr(" \t\r\n", s.ptr[at])) at++;
  return at;
}

/* The end of the value that begins at `at`. */
static inline size_t json_end(kt_str s, size_t at) {
  size_t depth = 0;
  int in_text = 0;
  for (; at < s.len; at++) {
    char c = s.ptr[at];
    if (in_text) {
      if (c == '\\') at++;
      else if (c == '"') in_text = 0;
      if (!in_text && !depth) return at + 1;
    } else if (c == '"') {
      in_text = 1;
    } else if (c == '{' || c == '[') {
      depth++;
    } else if (c == '}' || c == ']') {
      if (!depth) return at;
      if (!--depth) return at + 1;
    } else if (!depth && strchr(", \t\r\n:", c)) {
      return at;
    }
  }
  return s.len;
}

static inline kt_str json_slice(kt_str s, size_t from, size_t to) {
  kt_str part = {s.ptr + from, to - from};
  return part;
}

/* The next member of an array or object after `*at`, which begins as 0; an object's
 * members are its keys and values in turn.  0 at the end. */
static inline int json_next(kt_str s, size_t *at, kt_str *value) {
  size_t i = *at ? *at : json_blank(s, 0) + 1;
  i = json_blank(s, i);
  if (i < s.len && (s.ptr[i] == ',' || s.ptr[i] == ':')) i = json_blank(s, i + 1);
  if (i >= s.len || s.ptr[i] == '}' || s.ptr[i] == ']') return 0;
  *at = json_end(s, i);
  *value = json_slice(s, i, *at);
  return 1;
}

static inline int json_is(kt_str s, const char *text) { return s.len == strlen(text) && !memcmp(s.ptr, text, s.len); }

/* The value of a key without escapes, such as "args"; empty if it is absent. */
static inline kt_str json_get(kt_str object, const char *key) {
  kt_str name, value, none = {"", 0};
  size_t at = 0;
  if (!object.len || object.ptr[json_blank(object, 0)] != '{') return none;
  while (json_next(object, &at, &name) && json_next(object, &at, &value))
    if (name.len == strlen(key) + 2 && !memcmp(name.ptr + 1, key, strlen(key))) return value;
  return none;
}

/* ---- writing ---------------------------------------------------------- */

typedef struct json_buffer {
  char *bytes;
  size_t len, capacity;
} json_buffer;

static inline void json_add(json_buffer *b, kt_str text) {
  if (b->len + text.len > b->capacity) {
    size_t capacity = 2 * (b->len + text.len);
    char *bytes = realloc(b->bytes, capacity);
    if (!bytes) abort();
    b->bytes = bytes;
    b->capacity = capacity;
  }
  if (text.len) memcpy(b->bytes + b->len, text.ptr, text.len);
  b->len += text.len;
}

static inline void json_raw(json_buffer *b, const char *text) {
  kt_str s = {text, strlen(text)};
  json_add(b, s);
}

/* Adds text with the escapes of a JSON string, without quotes. */
static inline void json_escape(json_buffer *b, kt_str text) {
  static const char hex[] = "0123456789abcdef";
  for (size_t i = 0; i < text.len; i++) {
    unsigned char c = (unsigned char)text.ptr[i];
    char out[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    char quoted[2] = {'\\', (char)c};
    kt_str s = {text.ptr + i, 1};
    if (c < 0x20) s.ptr = out, s.len = 6;
    if (c == '"' || c == '\\') s.ptr = quoted, s.len = 2;
    json_add(b, s);
  }
}

/* The content of a JSON string without its quotes: its escapes stay as they are, so that
 * it can be copied into another JSON string. */
static inline kt_str json_inner(kt_str text) {
  kt_str none = {"", 0};
  if (text.len < 2 || text.ptr[0] != '"') return none;
  return json_slice(text, 1, text.len - 1);
}

static inline void json_code_point(json_buffer *b, unsigned long c) {
  char out[4];
  kt_str s = {out, 0};
  if (c < 0x80) {
    out[s.len++] = (char)c;
  } else if (c < 0x800) {
    out[s.len++] = (char)(0xc0 | c >> 6);
    out[s.len++] = (char)(0x80 | (c & 0x3f));
  } else {
    if (c < 0x10000) {
      out[s.len++] = (char)(0xe0 | c >> 12);
    } else {
      out[s.len++] = (char)(0xf0 | c >> 18);
      out[s.len++] = (char)(0x80 | (c >> 12 & 0x3f));
    }
    out[s.len++] = (char)(0x80 | (c >> 6 & 0x3f));
    out[s.len++] = (char)(0x80 | (c & 0x3f));
  }
  json_add(b, s);
}

static inline unsigned long json_hex4(const char *digits) {
  char text[5] = {digits[0], digits[1], digits[2], digits[3], 0};
  return strtoul(text, NULL, 16);
}

/* Adds the text of a JSON string, without its escapes. */
static inline void json_unescape(json_buffer *b, kt_str text) {
  static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
  kt_str s = json_inner(text);
  for (size_t i = 0; i < s.len; i++) {
    if (s.ptr[i] != '\\' || i + 1 >= s.len) {
      json_add(b, json_slice(s, i, i + 1));
    } else if (s.ptr[++i] == 'u' && i + 4 < s.len) {
      unsigned long c = json_hex4(s.ptr + i + 1);
      i += 4;
      if (c >= 0xd800 && c < 0xdc00 && i + 6 < s.len && s.ptr[i + 1] == '\\') {
        c = 0x10000 + ((c - 0xd800) << 10) + (json_hex4(s.ptr + i + 3) - 0xdc00);
        i += 6;
      }
      json_code_point(b, c);
    } else {
      const char *found = strchr(from, s.ptr[i]);
      kt_str one = {found ? to + (found - from) : s.ptr + i, 1};
      json_add(b, one);
    }
  }
}

static inline kt_str json_text(const json_buffer *b) {
  kt_str text = {b->len ? b->bytes : "", b->len};
  return text;
}

#endif
