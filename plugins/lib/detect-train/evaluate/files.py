#!/usr/bin/env python3
"""Writes pieces of files that packages ship as harmless rows: sources, documentation, data.

  files.py DIR ROOT...

ROOT are folders of packages: of a system, of Rust crates, of npm and of PyPI. A package is in
one half by the hash of its name: `files-train.jsonl` is for training, and `files-measured.jsonl`
for measuring, so that no file of a package that was trained on is measured. Texts with words
of attacks are left out: nobody has read whether they are any."""
import collections
import hashlib
import json
import os
import random
import re
import sys

KINDS = set(
    "html css js mjs ts svg xml csv log yaml yml sql md rst txt json toml py rs c h cpp go java "
    "sh pl lua conf proto s service ipynb po diff patch el rb".split()
)
ATTACK = re.compile(
    r"ignore (all|any|the|previous)|jailbreak|prompt.?injection|<\|im_|system prompt", re.IGNORECASE
)
# Of each half: its file, the pieces of a kind of file at most, those of one package at most, and
# characters of a piece.
HALVES = [("files-train", 700, 35, 3000), ("files-measured", 150, 12, 8000)]
# Characters of a file that are looked at, and the fewest.
MOST_READ, FEWEST = 300_000, 200


def package(root, path):
    """The name of the package that a file below a root belongs to."""
    parts = os.path.relpath(path, root).split(os.sep)
    return "/".join(parts[: 2 if parts[0].startswith(("@", "index.")) else 1])


def half(name):
    return hashlib.sha256(name.encode()).digest()[0] % 2


def files(roots):
    """The files of each kind and half, with their packages."""
    found = collections.defaultdict(list)
    for root in roots:
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                kind = name.rsplit(".", 1)[-1].lower()
                if "." in name and kind in KINDS:
                    of = package(root, path)
                    found[kind, half(of)].append((path, of))
    return found


def pieces(found, most, of_one, length):
    """Pieces of some of the files, one of each, few of one package."""
    taken = collections.Counter()
    seen = set()
    for path, of in found:
        if len(seen) >= most:
            return
        if taken[of] >= of_one:
            continue
        try:
            with open(path, encoding="utf-8") as file:
                text = file.read(MOST_READ)
        except (OSError, UnicodeDecodeError):
            continue
        start = random.randrange(max(1, len(text) - length))
        piece = text[start : start + length]
        if len(text) < FEWEST or piece in seen or ATTACK.search(piece):
            continue
        seen.add(piece)
        taken[of] += 1
        yield piece


def main():
    out, *roots = sys.argv[1:]
    random.seed(11)
    found = files(roots)
    for number, (name, *limits) in enumerate(HALVES):
        count = 0
        with open(f"{out}/{name}.jsonl", "w") as file:
            for kind in sorted(KINDS):
                paths = sorted(found[kind, number])
                random.shuffle(paths)
                for piece in pieces(paths, *limits):
                    row = {"label": 0, "src": f"files-{kind}", "text": piece}
                    file.write(json.dumps(row) + "\n")
                    count += 1
        print(name, count)


main()
