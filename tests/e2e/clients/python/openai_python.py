"""The official client: `create()` and its streams."""

import json

import openai
from tools import DEFINITIONS, Person

PACKAGE = "openai"


def messages(text):
    return [{"role": "user", "content": text}]


class Client:
    def __init__(self, base_url, _models):
        self.client = openai.OpenAI(base_url=base_url, api_key="not-needed")
        self.completions = self.client.chat.completions

    def _chunks(self, model, **more):
        stream = self.completions.create(
            model=model, messages=messages("hi"), stream=True, **more
        )
        return (chunk for chunk in stream if chunk.choices)

    def chat(self, model, text):
        completion = self.completions.create(model=model, messages=messages(text))
        assert completion.usage.total_tokens == 7, completion
        return completion.choices[0].message.content

    def stream(self, model):
        for chunk in self._chunks(model):
            yield chunk.choices[0].delta.content

    def tools(self, model):
        calls = {}
        for chunk in self._chunks(model, tools=DEFINITIONS):
            for call in chunk.choices[0].delta.tool_calls or []:
                if call.index not in calls:
                    assert call.function.name, ("the first chunk has no name", call)
                    calls[call.index] = {"id": call.id, "name": "", "arguments": ""}
                calls[call.index]["name"] += call.function.name or ""
                calls[call.index]["arguments"] += call.function.arguments or ""
        return [{**call, "arguments": json.loads(call["arguments"])} for call in calls.values()]

    def reasoning(self, model):
        """Returns the text or the data of each type of reasoning."""
        parts = {}
        for chunk in self._chunks(model):
            for detail in getattr(chunk.choices[0].delta, "reasoning_details", []):
                part = detail.get("text") or detail.get("data")
                parts[detail["type"]] = parts.get(detail["type"], "") + part
        return parts

    def structured(self):
        completion = self.completions.parse(
            model="structured", messages=messages("hi"), response_format=Person
        )
        return completion.choices[0].message.parsed.model_dump()

    def cancel(self, model):
        stream = self.completions.create(model=model, messages=messages("hi"), stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        stream.close()
