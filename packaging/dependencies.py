"""The crates that are compiled into what is shipped, as cargo resolves them."""
import json
import subprocess

from packages import ROOT


def shipped(target=None):
    """The crates of the shipped programs and libraries but those of the workspace, sorted."""
    command = ["cargo", "metadata", "--locked", "--format-version", "1"]
    if target:
        command += ["--filter-platform", target]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    metadata = json.loads(run.stdout)
    crates = {p["id"]: p for p in metadata["packages"]}
    edges = {
        node["id"]: [d["pkg"] for d in node["deps"] if any(k["kind"] is None for k in d["dep_kinds"])]
        for node in metadata["resolve"]["nodes"]
    }
    members = set(metadata["workspace_members"])
    open_ids = [i for i in members if is_shipped(crates[i])]
    seen = set(open_ids)
    while open_ids:
        for dependency in edges[open_ids.pop()]:
            if dependency not in seen:
                seen.add(dependency)
                open_ids.append(dependency)
    found = [crates[i] for i in seen - members]
    return sorted(found, key=lambda crate: (crate["name"], crate["version"]))


def is_shipped(crate):
    """Whether a member of the workspace is the host or a plugin, not a library or a test."""
    folder = crate["manifest_path"].removeprefix(f"{ROOT}/").removesuffix("/Cargo.toml")
    return folder == "host" or (folder.startswith("plugins/") and folder.count("/") == 1)
