"""The official client: the helper `stream()`, which accumulates and parses."""

import json

import openai_python
from openai_python import messages
from tools import DEFINITIONS, Person

PACKAGE = "openai"


class Client(openai_python.Client):
    reasoning = None

    def stream(self, model):
        with self.completions.stream(model=model, messages=messages("hi")) as stream:
            text = ""
            for event in stream:
                if event.type == "content.delta":
                    text += event.delta
                    yield event.delta
            final = stream.get_final_completion().choices[0]
        assert (final.message.content, final.finish_reason) == (text, "stop"), final

    def tools(self, model):
        with self.completions.stream(
            model=model, messages=messages("hi"), tools=DEFINITIONS
        ) as stream:
            final = stream.get_final_completion().choices[0]
        assert final.finish_reason == "tool_calls", final
        calls = final.message.tool_calls
        for call in calls:
            assert call.function.parsed_arguments == json.loads(call.function.arguments), call
        return [
            {"id": c.id, "name": c.function.name, "arguments": c.function.parsed_arguments}
            for c in calls
        ]

    def structured(self):
        with self.completions.stream(
            model="structured-stream", messages=messages("hi"), response_format=Person
        ) as stream:
            return stream.get_final_completion().choices[0].message.parsed.model_dump()

    def cancel(self, model):
        with self.completions.stream(model=model, messages=messages("hi")) as stream:
            for event in stream:
                if event.type == "content.delta":
                    break
