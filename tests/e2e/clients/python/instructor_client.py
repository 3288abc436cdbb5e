"""Instructor: structured output by a tool."""

import instructor
import openai_python
from openai_python import messages
from tools import Person

PACKAGE = "instructor"


class Client(openai_python.Client):
    """Calls without structured output pass through to the official client."""

    reasoning = None

    def __init__(self, base_url, models):
        super().__init__(base_url, models)
        self.instructor = instructor.from_openai(self.client)
        self.completions = self.instructor.chat.completions

    def _create(self, model, text="hi", **more):
        return self.completions.create(model=model, messages=messages(text), **more)

    def _chunks(self, model, **more):
        stream = self._create(model, response_model=None, stream=True, **more)
        return (chunk for chunk in stream if chunk.choices)

    def chat(self, model, text):
        completion = self._create(model, text, response_model=None)
        assert completion.usage.total_tokens == 7, completion
        return completion.choices[0].message.content

    def structured(self):
        return self._create("Person", response_model=Person).model_dump()

    def refusal(self, text):
        return self._create("Person", text, response_model=Person)

    def cancel(self, model):
        stream = self._create(model, response_model=None, stream=True)
        for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        stream.close()
