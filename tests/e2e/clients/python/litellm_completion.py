"""LiteLLM as a client: `completion()`."""

import json
import os

# The list of models that the package brings.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm
from tools import DEFINITIONS, Person

PACKAGE = "litellm"


class Client:
    def __init__(self, base_url, _models):
        self.base_url = base_url

    def _completion(self, model, text="hi", **more):
        return litellm.completion(
            model=f"openai/{model}",
            api_base=self.base_url,
            api_key="not-needed",
            messages=[{"role": "user", "content": text}],
            **more,
        )

    def chat(self, model, text):
        completion = self._completion(model, text)
        assert completion.usage.total_tokens == 7, completion
        return completion.choices[0].message.content

    def stream(self, model):
        for chunk in self._completion(model, stream=True):
            yield chunk.choices[0].delta.content

    def tools(self, model):
        chunks = list(self._completion(model, stream=True, tools=DEFINITIONS))
        message = litellm.stream_chunk_builder(chunks).choices[0].message
        return [
            {
                "id": call.id,
                "name": call.function.name,
                "arguments": json.loads(call.function.arguments),
            }
            for call in message.tool_calls
        ]

    def structured(self):
        completion = self._completion("structured", response_format=Person)
        return json.loads(completion.choices[0].message.content)

    def cancel(self, model):
        stream = self._completion(model, stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        stream.completion_stream.close()
