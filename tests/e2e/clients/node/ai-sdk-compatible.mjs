// The Vercel AI SDK with `@ai-sdk/openai-compatible`.

import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { AiSdkClient } from "./ai-sdk.mjs";

export const PACKAGE = "@ai-sdk/openai-compatible";

export class Client extends AiSdkClient {
  constructor(baseURL) {
    const options = { name: "gateway", baseURL, apiKey: "not-needed" };
    super(createOpenAICompatible({ ...options, supportsStructuredOutputs: true, includeUsage: true }));
  }
}
