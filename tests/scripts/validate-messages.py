"""Validates messages against JSON Schemas.

Reads lines {"schema": FILE, "label": TEXT, "message": JSON} from standard input, with
FILE relative to the folder of the first argument. Prints what is invalid; the exit code
is 1 then. The schemas themselves are validated too.
"""

import json
import pathlib
import sys

import jsonschema_rs

folder = pathlib.Path(sys.argv[1])
validators = {}
for path in folder.rglob("*.json"):
    schema = json.loads(path.read_text())
    jsonschema_rs.meta.validate(schema)
    validators[str(path.relative_to(folder))] = jsonschema_rs.Draft202012Validator(schema)

invalid = 0
for line in sys.stdin:
    entry = json.loads(line)
    for error in validators[entry["schema"]].iter_errors(entry["message"]):
        invalid = 1
        print(f"{entry['label']}: {entry['schema']}: {error}")
print(f"{len(validators)} schemas")
sys.exit(invalid)
