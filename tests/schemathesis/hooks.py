"""Gives every request its own idempotency key: generated keys are repeated."""
import re, uuid
import schemathesis
from schemathesis.generation import GenerationMode


@schemathesis.hook
def before_call(context, case, kwargs):
    positive = case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE
    key = (case.headers or {}).get("Idempotency-Key")
    if positive and isinstance(key, str) and re.fullmatch("[!-~]{1,128}", key):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
