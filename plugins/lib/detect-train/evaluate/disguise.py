#!/usr/bin/env python3
"""Disguises the texts of rows: disguise.py NAME <ROWS >DISGUISED; without NAME, prints all names."""
import base64
import codecs
import json
import sys

LATIN = "abcdefghijklmnopqrstuvwxyz"
MORSE = dict(zip(LATIN, ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split()))
BRAILLE = dict(zip(LATIN, "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"))
SMALL = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡxʏᴢ"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def lines(text, length=16):
    return "\n".join(text[at : at + length] for at in range(0, len(text), length))


def words(text, change):
    return " ".join(change(word) for word in text.split(" "))


def wide(c):
    return chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c


def rotated(text, places):
    table = LATIN[places:] + LATIN[:places]
    return text.translate(str.maketrans(LATIN + LATIN.upper(), table + table.upper()))


def visible(c):
    return chr((ord(c) - 33 + 47) % 94 + 33) if "!" <= c <= "~" else c


def numbers(text, form, joint=" "):
    return joint.join(form(b) for b in text.encode())


def latin(t, change):
    """Texts that an alphabet for ASCII cannot write stay as they are."""
    return change(t) if t.isascii() else t


def selector(byte):
    return chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16)


def swapped(word):
    return word if len(word) < 5 else word[0] + word[2] + word[1] + word[3:]


DISGUISES = {
    "base64": b64,
    "base64-twice": lambda t: b64(b64(t)),
    "base64-lines": lambda t: lines(b64(t)),
    "rot13": lambda t: codecs.encode(t, "rot13"),
    "reversed": lambda t: t[::-1],
    "entities": lambda t: "".join(f"&#{ord(c)};" for c in t),
    "percent": lambda t: "".join(f"%{b:02x}" for b in t.encode()),
    "escapes": lambda t: "".join(f"\\u{ord(c):04x}" for c in t if ord(c) < 65536),
    "hex-pairs": lambda t: " ".join(f"{b:02x}" for b in t.encode()),
    "zero-width": "\u200b".join,
    "soft-hyphens": "\u00ad".join,
    "no-break-spaces": lambda t: t.replace(" ", "\u00a0"),
    "no-break-hyphens": lambda t: t.replace("-", "\u2011"),
    "dashes": lambda t: t.replace("-", "\u2013"),
    "full-width": lambda t: "".join(map(wide, t)),
    "small-capitals": lambda t: t.translate(str.maketrans(LATIN, SMALL)),
    "cyrillic": lambda t: t.translate(str.maketrans("aeopcxyi", "аеорсхуі")),
    "capitals": str.upper,
    "odd-case": lambda t: "".join(c.upper() if at % 2 else c.lower() for at, c in enumerate(t)),
    "letters-with-spaces": " ".join,
    "letters-with-dashes": lambda t: words(t, "-".join),
    "swapped-letters": lambda t: words(t, swapped),
    "emphasis": lambda t: words(t, lambda w: f"**{w[:1]}**{w[1:]}"),
    "underscores": lambda t: t.replace(" ", "_"),
    "camel-case": lambda t: "".join(word.title() for word in t.split(" ")),
    "signs": lambda t: words(t, "|".join),
    "dots": lambda t: words(t, "·".join),
    "tags": lambda t: words(t, lambda w: f"{w[:2]}<b></b>{w[2:]}"),
    "strings": lambda t: '"' + '" + "'.join(lines(t, 3).split("\n")) + '"',
    "look-alike-signs": lambda t: t.lower().translate(str.maketrans("aeiost", "@3!0$7")),
    "comments": lambda t: "# " + t.replace(" ", "\n# "),
    "table": lambda t: "\n".join(f"| {at} | {word} |" for at, word in enumerate(t.split())),
    "caesar": lambda t: rotated(t, 3),
    "atbash": lambda t: t.translate(str.maketrans(LATIN + LATIN.upper(), LATIN[::-1] + LATIN[::-1].upper())),
    "rot47": lambda t: "".join(map(visible, t)),
    "base32": lambda t: base64.b32encode(t.encode()).decode(),
    "base64-chunks": lambda t: lines(b64(t), 4).replace("\n", " "),
    "base64-words": lambda t: words(t, b64),
    "base64-utf16": lambda t: base64.b64encode(t.encode("utf-16le")).decode(),
    "base64-thrice": lambda t: b64(b64(b64(t))),
    "decimal": lambda t: numbers(t, str, ", "),
    "binary": lambda t: numbers(t, lambda b: f"{b:08b}"),
    "octal": lambda t: numbers(t, lambda b: f"\\{b:03o}", ""),
    "code-points": lambda t: " ".join(f"U+{ord(c):04X}" for c in t),
    "quoted-printable": lambda t: numbers(t, lambda b: f"={b:02X}", ""),
    "morse": lambda t: latin(t, lambda t: " / ".join(" ".join(MORSE[c] for c in w if c in MORSE) for w in t.lower().split())),
    "braille": lambda t: latin(t, lambda t: "".join(BRAILLE.get(c, c) for c in t.lower())),
    "selectors": lambda t: "Hello" + "".join(map(selector, t.encode())),
    "lines": lambda t: t.replace(" ", "\n"),
    "commas": lambda t: t.replace(" ", ", "),
    "quotes": lambda t: f'"{t}"',
    "source": lambda t: t + "\n\nSource: product documentation.",
    "article": lambda t: "Here is the article:\n\n" + t,
    "customer": lambda t: "The customer wants this, so " + t,
    "never-mind": lambda t: "Never mind, " + t,
    "padding": lambda t: "lorem ipsum dolor " * 3700 + t,
}

if len(sys.argv) == 1:
    sys.exit(print(*DISGUISES))
disguise = DISGUISES[sys.argv[1]]
for line in sys.stdin:
    row = json.loads(line)
    row["text"] = disguise(row["text"])
    print(json.dumps(row, ensure_ascii=False))
