"""The official OpenAI client against a gateway that restores the values of a request.

Usage: openai_placeholders.py BASE_URL. The model `echo` returns the request; `stream` and
`tools` stream placeholders in parts. Exits with 0 when every check holds.
"""

import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key="not-needed", max_retries=0)
KEY = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7\n-----END PRIVATE KEY-----"
TEXT = f'write to ann@b.org and "bob@b.org", card 4111 1111 1111 1111, key\n{KEY}\nend'


def ask(model, messages, **more):
    return client.chat.completions.create(model=model, messages=messages, **more)


def streamed(model, messages):
    return [
        choice.delta
        for chunk in ask(model, messages, stream=True)
        for choice in chunk.choices
    ]


messages = [{"role": "user", "content": TEXT}]
answer = ask("echo", messages).choices[0].message.content
assert answer == TEXT, answer
pieces = [delta.content or "" for delta in streamed("echo", messages)]
assert "".join(pieces) == TEXT, pieces
assert len(pieces) > 3, "a stream comes in pieces"

messages += [{"role": "assistant", "content": answer}, {"role": "user", "content": "to bob@b.org"}]
answer = ask("echo", messages).choices[0].message.content
assert answer.endswith("to bob@b.org"), answer

pieces = [delta.content or "" for delta in streamed("stream", messages)]
assert "".join(pieces) == "\u00e9 to ann@b.org, bob@b.org \U0001f600", pieces

arguments = "".join(
    call.function.arguments or ""
    for delta in streamed("tools", messages)
    for call in delta.tool_calls or []
)
arguments = json.loads(arguments)
assert arguments["to"] == "bob@b.org", arguments
assert json.loads(arguments["body"]) == {"key": KEY}, arguments
print("all checks passed")
