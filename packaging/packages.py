"""The packages that a staged tree is divided into: one for the host, one for each plugin.

The catalog of the tree (`lib/kt/catalog.toml`), which `kt plugin catalog` generates from the
manifests, names the package, the commands and the providers of each plugin; nothing is listed twice.
"""
import dataclasses
import os
import pathlib
import re
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HOMEPAGE = re.search(r'^repository = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)
LICENSE = "MIT OR Apache-2.0"
MAINTAINER = "The kt maintainers <maintainers@kt.invalid>"

ABOUT_HOST = """The host of kt: it discovers, checks and loads plugins, each of which adds commands or a backend.
Without a plugin it manages plugins only; a command whose plugin is not installed names its package."""
# What a package is of no use without, beyond the host: providers of the interfaces that it calls.
SERVICE_BACKENDS = {"service-systemd": "linux", "service-launchd": "darwin"}


@dataclasses.dataclass
class Package:
    name: str
    summary: str
    description: str
    files: list  # Paths below the prefix.
    depends: list
    recommends: list


def version():
    """The version of the workspace."""
    return re.search(r'^version = "(.*)"', (ROOT / "Cargo.toml").read_text(), re.M).group(1)


def date():
    """Seconds since 1970 that all files have: of SOURCE_DATE_EPOCH, else of the last commit."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    log = ["git", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    commit = subprocess.run(log, capture_output=True, text=True, check=False)
    return int(commit.stdout) if commit.returncode == 0 else int((ROOT / "CHANGELOG.md").stat().st_mtime)


def catalog(tree):
    """The plugins of a tree."""
    return tomllib.loads((tree / "lib/kt/catalog.toml").read_text())["plugin"]


def pages(plugin):
    """The manual pages of the commands of a plugin, below the prefix."""
    return [f"share/man/man1/kt-{'-'.join(command)}.1" for command in plugin["commands"]]


def packages(tree, system="linux"):
    """The packages of a tree for an operating system: `linux` or `darwin`."""
    plugins = [p for p in catalog(tree) if SERVICE_BACKENDS.get(p["plugin"], system) == system]
    others = {page for plugin in catalog(tree) for page in pages(plugin)}
    files = sorted(str(p.relative_to(tree)) for p in tree.rglob("*") if p.is_file())
    host = [f for f in files if not f.startswith("lib/kt/plugins/") and f not in others]
    names = {p["plugin"]: p["package"] for p in plugins}
    backends = [names[p] for p in SERVICE_BACKENDS if p in names]
    found = [
        Package(
            "kt",
            "administration of AI gateways",
            ABOUT_HOST,
            host,
            [],
            [name for name in names.values() if name not in backends],
        )
    ]
    for plugin in plugins:
        folder = f"lib/kt/plugins/{plugin['plugin']}/"
        own = [f for f in files if f.startswith(folder) or f in pages(plugin)]
        recommends = backends if plugin["plugin"] == "gateway-service" else []
        summary = plugin["description"]
        description = f"A plugin of kt. {describe(plugin)}"
        found.append(
            Package(plugin["package"], summary[0].lower() + summary[1:], description, own, ["kt"], recommends)
        )
    return found


def describe(plugin):
    """What a plugin adds, in a sentence or two."""
    parts = []
    if plugin["commands"]:
        commands = ", ".join(f"kt {' '.join(command)}" for command in plugin["commands"])
        parts.append(f"It adds the commands {commands}.")
    if plugin["provides"]:
        parts.append(f"It provides {', '.join(plugin['provides'])}.")
    return " ".join(parts)
