"""Pydantic AI: an agent with `OpenAIChatModel`."""

import asyncio
import queue
from concurrent.futures import ThreadPoolExecutor

from openai import AsyncOpenAI
from pydantic_ai import Agent, DeferredToolRequests, NativeOutput
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.toolsets import ExternalToolset
from tools import DEFINITIONS, Person

PACKAGE = "pydantic-ai-slim"


def external_tools():
    return ExternalToolset(
        [
            ToolDefinition(name=function["name"], parameters_json_schema=function["parameters"])
            for function in (definition["function"] for definition in DEFINITIONS)
        ]
    )


class Client:
    def __init__(self, base_url, _models):
        self.base_url = base_url

    def _agent(self, model, **more):
        # Each call has an event loop of its own, and so has the client.
        client = AsyncOpenAI(base_url=self.base_url, api_key="not-needed")
        provider = OpenAIProvider(openai_client=client)
        return Agent(OpenAIChatModel(model, provider=provider), **more)

    def chat(self, model, text):
        async def run():
            return await self._agent(model).run(text)

        result = asyncio.run(run())
        assert result.usage.total_tokens == 7, result
        return result.output

    def stream(self, model):
        pieces = queue.Queue()

        async def run():
            async with self._agent(model).run_stream("hi") as result:
                async for piece in result.stream_text(delta=True, debounce_by=None):
                    pieces.put(piece)

        # The library requires that one task runs the whole stream.
        with ThreadPoolExecutor(1) as threads:
            task = threads.submit(lambda: asyncio.run(run()))
            task.add_done_callback(lambda _: pieces.put(None))
            while (piece := pieces.get()) is not None:
                yield piece
            task.result()

    def tools(self, model):
        async def run():
            agent = self._agent(
                model, toolsets=[external_tools()], output_type=[str, DeferredToolRequests]
            )
            async with agent.run_stream("hi") as result:
                return await result.get_output()

        return [
            {"id": call.tool_call_id, "name": call.tool_name, "arguments": call.args_as_dict()}
            for call in asyncio.run(run()).calls
        ]

    def structured(self):
        async def run():
            return await self._agent("structured", output_type=NativeOutput(Person)).run("hi")

        return asyncio.run(run()).output.model_dump()

    def cancel(self, model):
        async def run():
            async with self._agent(model).run_stream("hi") as result:
                async for piece in result.stream_text(delta=True, debounce_by=None):
                    if piece:
                        break

        asyncio.run(run())
