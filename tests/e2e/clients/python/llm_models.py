"""The library of the command `llm`, with the file that lists OpenAI-compatible models."""

import gc
import json
import os
import pathlib
import tempfile

from tools import Person, get_time, get_weather

PACKAGE = "llm"


class Client:
    def __init__(self, base_url, models):
        folder = pathlib.Path(tempfile.mkdtemp())
        os.environ["LLM_USER_PATH"] = str(folder)
        entries = [
            {
                "model_id": f"gateway-{model}",
                "model_name": model,
                "api_base": base_url,
                "supports_schema": True,
                "supports_tools": True,
            }
            for model in models
        ]
        # JSON is YAML.
        (folder / "extra-openai-models.yaml").write_text(json.dumps(entries))
        import llm

        self.llm = llm

    def _prompt(self, model, text="hi", **more):
        return self.llm.get_model(f"gateway-{model}").prompt(text, **more)

    def chat(self, model, text):
        return self._prompt(model, text, stream=False).text()

    def stream(self, model):
        yield from self._prompt(model)

    def tools(self, model):
        response = self._prompt(model, tools=[get_weather, get_time])
        return [
            {"id": call.tool_call_id, "name": call.name, "arguments": call.arguments}
            for call in response.tool_calls()
        ]

    def structured(self):
        return json.loads(self._prompt("structured", schema=Person, stream=False).text())

    def cancel(self, model):
        stream = iter(self._prompt(model))
        while not next(stream):
            pass
        # The library cannot cancel a stream: the connection closes with the object.
        del stream
        gc.collect()
