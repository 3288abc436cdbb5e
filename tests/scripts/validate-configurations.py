"""Validates configurations in YAML against the JSON Schema in the first argument.

Reads lines {"label": TEXT, "text": YAML} from standard input. Prints `valid` or
`invalid` and the label of each.
"""

import json
import pathlib
import sys

import jsonschema_rs
import yaml

schema = json.loads(pathlib.Path(sys.argv[1]).read_text())
jsonschema_rs.meta.validate(schema)
validator = jsonschema_rs.Draft202012Validator(schema)

for line in sys.stdin:
    entry = json.loads(line)
    errors = list(validator.iter_errors(yaml.safe_load(entry["text"])))
    print("invalid" if errors else "valid", entry["label"])
    for error in errors:
        print(f"  {error.message} at {error.instance_path}")
