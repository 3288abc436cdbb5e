// The Vercel AI SDK with `@ai-sdk/openai`, over Chat Completions.

import { createOpenAI } from "@ai-sdk/openai";
import { AiSdkClient } from "./ai-sdk.mjs";

export const PACKAGE = "@ai-sdk/openai";

export class Client extends AiSdkClient {
  constructor(baseURL) {
    super(createOpenAI({ baseURL, apiKey: "not-needed" }).chat);
  }
}
