// The official client: the helper `stream()`, which accumulates and parses.

import { APIUserAbortError } from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import * as official from "./openai-node.mjs";
import { Person } from "./tools.mjs";

export { PACKAGE } from "./openai-node.mjs";

export class Client extends official.Client {
  reasoning = undefined;

  async *stream(model) {
    const stream = this.completions.stream(official.body(model));
    let text = "";
    for await (const chunk of stream) {
      const piece = chunk.choices[0]?.delta.content;
      text += piece ?? "";
      yield piece;
    }
    if ((await stream.finalContent()) !== text) throw new Error("the final content differs");
  }

  async tools(model) {
    const stream = this.completions.stream({ ...official.body(model), tools: official.TOOLS });
    const { choices } = await stream.finalChatCompletion();
    return choices[0].message.tool_calls.map(({ id, function: call }) => ({
      id,
      name: call.name,
      arguments: call.parsed_arguments,
    }));
  }

  async structured() {
    const format = zodResponseFormat(Person, "person");
    const request = { ...official.body("structured-stream"), response_format: format };
    const { choices } = await this.completions.stream(request).finalChatCompletion();
    return choices[0].message.parsed;
  }

  async cancel(model) {
    const stream = this.completions.stream(official.body(model));
    try {
      for await (const chunk of stream) if (chunk.choices[0]?.delta.content) stream.abort();
    } catch (error) {
      if (!(error instanceof APIUserAbortError)) throw error;
    }
  }
}
