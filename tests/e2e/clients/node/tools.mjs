// The tools and the structured output that the clients request.

import { z } from "zod";

export const Person = z.object({ name: z.string(), mail: z.string() });

export const PARAMETERS = {
  get_weather: z.object({ city: z.string(), mail: z.string() }),
  get_time: z.object({ zone: z.string() }),
};
