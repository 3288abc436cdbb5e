// The official client: `create()` and its streams.

import OpenAI from "openai";
import { zodFunction, zodResponseFormat } from "openai/helpers/zod";
import { PARAMETERS, Person } from "./tools.mjs";

export const PACKAGE = "openai";

export const TOOLS = Object.entries(PARAMETERS).map(([name, parameters]) =>
  zodFunction({ name, parameters }),
);

export function body(model, text = "hi") {
  return { model, messages: [{ role: "user", content: text }] };
}

export class Client {
  constructor(baseURL) {
    this.completions = new OpenAI({ baseURL, apiKey: "not-needed" }).chat.completions;
  }

  async *chunks(model, more = {}) {
    const stream = await this.completions.create({ ...body(model), stream: true, ...more });
    for await (const chunk of stream) if (chunk.choices.length) yield chunk.choices[0].delta;
  }

  async chat(model, text) {
    const completion = await this.completions.create(body(model, text));
    if (completion.usage.total_tokens !== 7) throw new Error("the usage is wrong");
    return completion.choices[0].message.content;
  }

  async *stream(model) {
    for await (const delta of this.chunks(model)) yield delta.content;
  }

  async tools(model) {
    const calls = [];
    for await (const delta of this.chunks(model, { tools: TOOLS })) {
      for (const call of delta.tool_calls ?? []) {
        const { name, arguments: text } = call.function;
        if (!calls[call.index] && !name) throw new Error("the first chunk has no name");
        calls[call.index] ??= { id: call.id, name: "", arguments: "" };
        calls[call.index].name += name ?? "";
        calls[call.index].arguments += text ?? "";
      }
    }
    return calls.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) }));
  }

  /** Returns the text or the data of each type of reasoning. */
  async reasoning(model) {
    const parts = {};
    for await (const delta of this.chunks(model)) {
      for (const { type, text, data } of delta.reasoning_details ?? []) {
        parts[type] = (parts[type] ?? "") + (text ?? data);
      }
    }
    return parts;
  }

  async structured() {
    const format = zodResponseFormat(Person, "person");
    const request = { ...body("structured"), response_format: format };
    return (await this.completions.parse(request)).choices[0].message.parsed;
  }

  async cancel(model) {
    const stream = await this.completions.create({ ...body(model), stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0].delta.content) stream.controller.abort();
    }
  }
}
