#!/usr/bin/env python3
"""Cuts harmless texts into the tokens in which a model streams them, for the share of text that
a guard delays.

  tokens.py DIR

The vocabulary o200k_base is in the wheel of LiteLLM, the tokenizer is tiktoken; both are on PyPI
under the MIT license. A token that ends within a character counts with the next one."""
import json
import os
import random
import subprocess
import sys
import zipfile

OUT = os.path.abspath(sys.argv[1])
VOCABULARY = "litellm/litellm_core_utils/tokenizers/fb374d419588a4632f3f557e76b4b70aebbca790"
# The files of rows, and whether only texts in English are taken.
SOURCES = [
    ("ok-chat", True),
    ("ok-handbook", False),
    ("ok-debian-policy", False),
    ("ok-fortunes-it", False),
    ("ok-fortunes-ru", False),
]
TOKENS = 20000
CHARACTERS = 3000


def tokenizer():
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "download", "-q", "--no-deps", "-d", f"{OUT}/wheels", "litellm==1.60.0"], check=True)
    subprocess.run([*pip, "install", "-q", "--target", f"{OUT}/packages", "tiktoken==0.14.0"], check=True)
    with zipfile.ZipFile(f"{OUT}/wheels/litellm-1.60.0-py3-none-any.whl") as wheel:
        wheel.extract(VOCABULARY, f"{OUT}/packages")
    os.environ["TIKTOKEN_CACHE_DIR"] = os.path.dirname(f"{OUT}/packages/{VOCABULARY}")
    sys.path.insert(0, f"{OUT}/packages")
    import tiktoken

    return tiktoken.get_encoding("o200k_base")


def cut(encoding, text):
    tokens, rest = [], b""
    for token in encoding.encode(text, disallowed_special=()):
        rest += encoding.decode_single_token_bytes(token)
        try:
            tokens.append(rest.decode())
            rest = b""
        except UnicodeDecodeError:
            pass
    return tokens


def main():
    encoding = tokenizer()
    answers = {}
    for name, english in SOURCES:
        with open(f"{OUT}/{name}.jsonl", encoding="utf-8") as file:
            texts = [json.loads(line)["text"][:CHARACTERS] for line in file]
        if english:
            texts = [text for text in texts if text.isascii()]
        random.Random(5).shuffle(texts)
        count, answers[name] = 0, []
        for text in texts:
            answers[name].append(cut(encoding, text))
            count += len(answers[name][-1])
            if count > TOKENS:
                break
        print(name, len(answers[name]), count)
    with open(f"{OUT}/tokens.json", "w", encoding="utf-8") as out:
        json.dump(answers, out, ensure_ascii=False)


main()
