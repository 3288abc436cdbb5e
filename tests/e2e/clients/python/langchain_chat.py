"""LangChain: `ChatOpenAI`."""

from langchain_openai import ChatOpenAI
from tools import DEFINITIONS, Person

PACKAGE = "langchain-openai"


class Client:
    def __init__(self, base_url, _models):
        self.base_url = base_url

    def _model(self, model):
        return ChatOpenAI(model=model, base_url=self.base_url, api_key="not-needed")

    def chat(self, model, text):
        message = self._model(model).invoke(text)
        assert message.usage_metadata["total_tokens"] == 7, message
        return message.content

    def stream(self, model):
        for chunk in self._model(model).stream("hi"):
            yield chunk.content

    def tools(self, model):
        whole = None
        for chunk in self._model(model).bind_tools(DEFINITIONS).stream("hi"):
            whole = chunk if whole is None else whole + chunk
        assert not whole.invalid_tool_calls, whole
        return [
            {"id": call["id"], "name": call["name"], "arguments": call["args"]}
            for call in whole.tool_calls
        ]

    def structured(self):
        return self._model("structured").with_structured_output(Person).invoke("hi").model_dump()

    def cancel(self, model):
        stream = self._model(model).stream("hi")
        while not next(stream).content:
            pass
        stream.close()
