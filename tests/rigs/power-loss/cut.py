"""Simulates power losses at random positions of a record and checks the store.

cut.py RECORD BASE CUTS: BASE contains the files at the beginning of the record.
Prints a line of JSON for each fate of unsynced writes:

  none      none of them reached the disk
  some      a random half of their sectors of 512 bytes did
  unsynced  as none, and syncs had no effect: the losses of a store that does not wait
            for the disk, which shows that this check finds losses
"""
import json, os, random, shutil, sqlite3, struct, sys, tempfile

HEADER = struct.Struct("=cIIQ")
SECTOR = 512


def records(path):
    with open(path, "rb") as file:
        while head := file.read(HEADER.size):
            operation, path_length, length, offset = HEADER.unpack(head)
            name = file.read(path_length).decode()
            yield operation.decode(), name, offset, file.read(length)


def write(content, offset, data):
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


def apply(content, change, rng):
    operation, offset, data = change
    if operation == "T":
        if rng is None or rng.random() < 0.5:
            if len(content) > offset:
                del content[offset:]
            else:
                content.extend(bytes(offset - len(content)))
    elif rng is None:
        write(content, offset, data)
    else:
        for at in range(0, len(data), SECTOR):
            if rng.random() < 0.5:
                write(content, offset + at, data[at : at + SECTOR])


def disk(log, cut, base, syncs):
    """Returns the durable and the pending writes, and the highest acknowledged version."""
    durable = {name: bytearray(content) for name, content in base.items()}
    pending, begun, acknowledged = {}, {}, 0
    for operation, name, offset, data in log[:cut]:
        if operation == "A":
            acknowledged = max(acknowledged, offset)
        elif operation in "WT":
            pending.setdefault(name, []).append((operation, offset, data))
        elif operation == "B":
            begun.setdefault(name, []).append(len(pending.get(name, [])))
        elif syncs:
            # Overlapping syncs of a file end in any order: the first one that began
            # covers the fewest writes.
            count = begun[name].pop(0)
            content = durable.setdefault(name, bytearray())
            for change in pending.get(name, [])[:count]:
                apply(content, change, None)
            pending[name] = pending.get(name, [])[count:]
            begun[name] = [max(0, other - count) for other in begun[name]]
    return durable, pending, acknowledged


def check(files):
    """Opens the store. Returns the newest version, or a description of the damage."""
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            with open(os.path.join(folder, os.path.basename(name)), "wb") as file:
                file.write(content)
        try:
            store = sqlite3.connect(os.path.join(folder, "control-plane.db"))
            if store.execute("PRAGMA integrity_check").fetchone() != ("ok",):
                return "integrity"
            count, newest = store.execute(
                "SELECT count(*), max(version) FROM config_versions").fetchone()
            rows, = store.execute(
                "SELECT count(*) FROM audit WHERE action = 'config.publish'").fetchone()
            if count != newest or rows != newest - 1:
                return f"{count} versions up to {newest} with {rows} audit rows"
            return newest
        except sqlite3.Error as error:
            return str(error)


def main():
    log = list(records(sys.argv[1]))
    base = {}
    for folder, _, names in os.walk(sys.argv[2]):
        for name in names:
            if not name.endswith("-shm"):
                with open(os.path.join(folder, name), "rb") as file:
                    base[os.path.join(RECORDED, name)] = file.read()
    rng = random.Random(20261125)
    cuts = [rng.randrange(len(log) + 1) for _ in range(int(sys.argv[3]))]
    for way in ("none", "some", "unsynced"):
        lost, damaged, worst = 0, [], 0
        for cut in cuts:
            durable, pending, acknowledged = disk(log, cut, base, way != "unsynced")
            if way == "some":
                for name, changes in pending.items():
                    content = durable.setdefault(name, bytearray())
                    for change in changes:
                        apply(content, change, rng)
            found = check(durable)
            if not isinstance(found, int):
                damaged.append(found)
            elif found < acknowledged:
                lost += 1
                worst = max(worst, acknowledged - found)
        print(json.dumps({"way": way, "cuts": len(cuts), "lost": lost, "worst": worst,
                          "damaged": len(damaged), "first": damaged[:1]}))
    syncs = sum(operation == "E" for operation, *_ in log)
    newest = max((offset for operation, _, offset, _ in log if operation == "A"), default=0)
    print(json.dumps({"way": "all", "acknowledged": newest, "syncs": syncs}))


RECORDED = os.environ["RECORD_BELOW"]
main()
