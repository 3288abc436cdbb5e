#!/usr/bin/env python3
"""Disguises the texts of rows: disguise.py NAME <ROWS >DISGUISED; without NAME, prints all names."""
import base64
import codecs
import json
import sys

LATIN = "abcdefghijklmnopqrstuvwxyz"
SMALL = "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀsᴛᴜᴠᴡxʏᴢ"


def b64(text):
    return base64.b64encode(text.encode()).decode()


def lines(text, length=16):
    return "\n".join(text[at : at + length] for at in range(0, len(text), length))


def words(text, change):
    return " ".join(change(word) for word in text.split(" "))


def wide(c):
    return chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c


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
