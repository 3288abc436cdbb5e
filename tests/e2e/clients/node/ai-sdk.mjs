// The Vercel AI SDK with any provider.

import { generateText, Output, streamText, tool } from "ai";
import { PARAMETERS, Person } from "./tools.mjs";

const TOOLS = Object.fromEntries(
  Object.entries(PARAMETERS).map(([name, inputSchema]) => [name, tool({ inputSchema })]),
);

export class AiSdkClient {
  /** @param provider returns a model by its name */
  constructor(provider) {
    this.provider = provider;
  }

  async chat(model, text) {
    const result = await generateText({ model: this.provider(model), prompt: text });
    if (result.usage.totalTokens !== 7) throw new Error("the usage is wrong");
    return result.text;
  }

  async *parts(model, more = {}) {
    const { fullStream } = streamText({
      model: this.provider(model),
      prompt: "hi",
      onError: () => {},
      ...more,
    });
    for await (const part of fullStream) {
      if (part.type === "error") throw part.error;
      yield part;
    }
  }

  async *stream(model) {
    for await (const part of this.parts(model)) if (part.type === "text-delta") yield part.text;
  }

  async tools(model) {
    const calls = [];
    for await (const part of this.parts(model, { tools: TOOLS })) {
      if (part.type !== "tool-call") continue;
      calls.push({ id: part.toolCallId, name: part.toolName, arguments: part.input });
    }
    return calls;
  }

  async structured() {
    const output = Output.object({ schema: Person });
    const model = this.provider("structured");
    return (await generateText({ model, prompt: "hi", output })).output;
  }

  async cancel(model) {
    const controller = new AbortController();
    for await (const part of this.parts(model, { abortSignal: controller.signal })) {
      if (part.type === "text-delta") controller.abort();
    }
  }
}
