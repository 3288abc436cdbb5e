/* Finds words in a text: whole words, in capitals or not as far as they are ASCII. */
#ifndef WORDS_H
#define WORDS_H
#include "json.h"

/* The words of a setting, without the escapes of JSON. */
typedef struct wordlist {
  json_buffer *words;
  size_t count;
} wordlist;

static inline void words_free(wordlist *list) {
  for (size_t i = 0; i < list->count; i++) free(list->words[i].bytes);
  free(list->words);
  list->words = 0;
  list->count = 0;
}

/* Reads an array of texts; 0 if it is none, or if a text is empty. */
static inline int words_read(wordlist *list, kt_str json) {
  kt_str item;
  size_t at = 0, capacity = 0;
  if (!json.len || json.ptr[0] != '[') return 0;
  while (json_next(json, &at, &item)) {
    if (item.len < 3 || item.ptr[0] != '"') return 0;
    if (list->count == capacity) {
      capacity = capacity ? 2 * capacity : 16;
      json_buffer *words = realloc(list->words, capacity * sizeof *words);
      if (!words) abort();
      list->words = words;
    }
    json_buffer *word = &list->words[list->count++];
    memset(word, 0, sizeof *word);
    json_unescape(word, item);
  }
  return 1;
}

static inline unsigned char lower(char c) {
  unsigned char byte = (unsigned char)c;
  return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

/* Whether a character is part of a word: letters and digits, and whatever is not in a block of
 * Unicode with punctuation or symbols. */
static inline int part_of_word(unsigned long c) {
  if (c < 0x80) return (lower((char)c) >= 'a' && lower((char)c) <= 'z') || (c >= '0' && c <= '9') || c == '_';
  if (c < 0xc0 || c == 0xd7 || c == 0xf7) return c == 0xaa || c == 0xb5 || c == 0xba;
  return !((c >= 0x2000 && c < 0x2c00) || (c >= 0x2e00 && c < 0x3040) || (c >= 0xff00 && c < 0xff10) ||
           (c >= 0x1f000 && c < 0x1fb00));
}

/* The character at a byte of the text, which is valid UTF-8. */
static inline unsigned long character_at(kt_str text, size_t at) {
  const unsigned char *byte = (const unsigned char *)text.ptr + at;
  unsigned long c = *byte;
  int more = c < 0xc0 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
  if (more) c &= 0x3fu >> more;
  while (more--) c = c << 6 | (*++byte & 0x3f);
  return c;
}

/* Whether the character before or at a byte of the text continues a word. */
static inline int part_before(kt_str text, size_t at) {
  if (!at) return 0;
  do at--;
  while (at && ((unsigned char)text.ptr[at] & 0xc0) == 0x80);
  return part_of_word(character_at(text, at));
}

static inline int part_behind(kt_str text, size_t at) {
  return at < text.len && part_of_word(character_at(text, at));
}

/* The length of the longest word that begins at a byte of the text; 0 if none does. */
static inline size_t word_at(kt_str text, size_t at, const wordlist *list) {
  size_t longest = 0;
  for (size_t w = 0; w < list->count; w++) {
    const json_buffer *word = &list->words[w];
    size_t i = 0;
    if (word->len > text.len - at || word->len <= longest) continue;
    while (i < word->len && lower(text.ptr[at + i]) == lower(word->bytes[i])) i++;
    if (i < word->len) continue;
    if (!part_behind(text, at + i)) longest = word->len;
  }
  return longest;
}

/* A word in a text. It begins as {0}, and is changed to the next one by word_next. */
typedef struct word_place {
  size_t start, end; /* characters: Unicode code points */
  size_t byte;       /* where to continue */
  size_t character;
} word_place;

static inline int word_next(kt_str text, const wordlist *list, word_place *place) {
  while (place->byte < text.len) {
    size_t at = place->byte, length = 0;
    if (!part_before(text, at)) length = word_at(text, at, list);
    place->start = place->character;
    for (size_t i = 0; i < (length ? length : 1); i++) {
      /* The first byte of the next character counts this one. */
      place->byte++;
      if (place->byte == text.len || ((unsigned char)text.ptr[place->byte] & 0xc0) != 0x80) place->character++;
    }
    place->end = place->character;
    if (length) return 1;
  }
  return 0;
}

#endif
