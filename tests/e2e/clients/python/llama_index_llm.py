"""LlamaIndex: `OpenAI` of `llama-index-llms-openai`."""

import gc

from llama_index.core.llms import ChatMessage
from llama_index.core.prompts import PromptTemplate
from llama_index.llms.openai import OpenAI
from tools import DEFINITIONS, Person

PACKAGE = "llama-index-llms-openai"


class Client:
    def __init__(self, base_url, _models):
        self.base_url = base_url

    def _llm(self, model):
        # The class knows the names of OpenAI's models only; the request has another one.
        return OpenAI(
            model="gpt-4o-mini",
            api_base=self.base_url,
            api_key="not-needed",
            additional_kwargs={"model": model},
        )

    def chat(self, model, text):
        response = self._llm(model).chat([ChatMessage(role="user", content=text)])
        assert response.additional_kwargs["total_tokens"] == 7, response
        return response.message.content

    def stream(self, model):
        for response in self._llm(model).stream_chat([ChatMessage(role="user", content="hi")]):
            yield response.delta

    def tools(self, model):
        llm = self._llm(model)
        for response in llm.stream_chat(
            [ChatMessage(role="user", content="hi")], tools=DEFINITIONS
        ):
            pass
        return [
            {"id": call.tool_id, "name": call.tool_name, "arguments": call.tool_kwargs}
            for call in llm.get_tool_calls_from_response(response)
        ]

    def structured(self):
        return self._llm("structured").structured_predict(Person, PromptTemplate("hi")).model_dump()

    def cancel(self, model):
        stream = self._llm(model).stream_chat([ChatMessage(role="user", content="hi")])
        while not next(stream).delta:
            pass
        # The library cannot cancel a stream: the connection closes with the object.
        del stream
        gc.collect()
