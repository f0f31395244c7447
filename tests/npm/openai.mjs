// What OpenAI's own client makes of `serve`.  node openai.mjs BASE_URL KEY  → a JSON line a check: { name, ok, told }
import OpenAI, { APIUserAbortError, AuthenticationError, BadRequestError, NotFoundError } from "openai";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 60_000 });
const messages = [{ role: "user", content: "dim the bedroom lamp to 30 percent" }];

async function check(name, run) {
  try {
    console.log(JSON.stringify({ name, ok: true, told: (await run()) ?? null }));
  } catch (error) {
    console.log(JSON.stringify({ name, ok: false, told: `${error?.constructor?.name}: ${error?.message}` }));
  }
}

async function refused(kind, run) {
  try {
    await run();
  } catch (error) {
    if (error instanceof kind) return { status: error.status, code: error.code, param: error.param, message: error.message };
    throw error;
  }
  throw new Error("nothing was refused");
}

function same(a, b, what) {
  if (JSON.stringify(a) !== JSON.stringify(b)) throw new Error(`${what}: ${JSON.stringify(a)} is not ${JSON.stringify(b)}`);
}

const model = (await client.models.list()).data[0].id;
let said;
await check("models", async () => (await client.models.list()).data.map((model) => model.id));
await check("chat", async () => {
  const answer = await client.chat.completions.create({ model, messages, temperature: 0 });
  said = answer.choices[0].message.content;
  return { said, finish: answer.choices[0].finish_reason, tokens: answer.usage.completion_tokens };
});
await check("stream", async () => {
  let text = "";
  let finish = null;
  let usage = null;
  for await (const part of await client.chat.completions.create({ model, messages, temperature: 0, stream: true, stream_options: { include_usage: true } })) {
    text += part.choices[0]?.delta.content ?? "";
    finish = part.choices[0]?.finish_reason ?? finish;
    usage = part.usage ?? usage;
  }
  same(text, said, "the streamed text");
  return { finish, tokens: usage.completion_tokens };
});
await check("stream helper", async () => {
  const stream = client.chat.completions.stream({ model, messages, temperature: 0 });
  same(await stream.finalContent(), said, "the helper's text");
  return (await stream.finalChatCompletion()).choices[0].finish_reason;
});
await check("logprobs", async () => {
  const { logprobs } = (await client.chat.completions.create({ model, messages, temperature: 0, logprobs: true, top_logprobs: 3 })).choices[0];
  same(logprobs.content.map((entry) => entry.token).join(""), said, "the tokens' text");
  if (!logprobs.content.every((entry) => entry.logprob <= 0 && entry.top_logprobs.length === 3 && entry.top_logprobs[0].logprob === entry.logprob)) throw new Error("the greedy token is not the first of three");
  return logprobs.content.length;
});
await check("prompt logprobs", async () => {
  const { text, logprobs } = (await client.completions.create({ model, prompt: "dim the lamp", max_tokens: 4, temperature: 0, echo: true, logprobs: 2 })).choices[0];
  same(logprobs.tokens.join(""), text, "the tokens' text");
  if (logprobs.token_logprobs[0] !== null || !logprobs.token_logprobs.slice(1).every((logprob) => logprob <= 0)) throw new Error("the first token has no log-probability, the others do");
  return { tokens: logprobs.tokens.length, text: text.slice(0, 12) };
});
await check("abort", async () => {
  const stream = client.chat.completions.stream({ model, messages: [{ role: "user", content: "tell" }], temperature: 5, seed: 1, max_tokens: 200, logit_bias: undefined });
  stream.on("content", () => stream.abort());
  try {
    await stream.done();
  } catch (error) {
    if (error instanceof APIUserAbortError) return "aborted";
    throw error;
  }
  throw new Error("the stream went on to its end");
});
await check("32 at once", async () => {
  const answers = await Promise.all(Array.from({ length: 32 }, () => client.chat.completions.create({ model, messages, temperature: 0 })));
  answers.forEach((answer) => same(answer.choices[0].message.content, said, "an answer of 32"));
  return answers.length;
});
await check("several choices", async () => (await client.chat.completions.create({ model, messages, temperature: 2, seed: 3, n: 3, max_tokens: 8 })).choices.length);
await check("structured output", async () => {
  const schema = { type: "object", properties: { action: { type: "string", enum: ["turn_on", "turn_off"] } }, required: ["action"], additionalProperties: false };
  const answer = await client.chat.completions.create({ model, messages, temperature: 0, response_format: { type: "json_schema", json_schema: { name: "a", schema, strict: true } } });
  return JSON.parse(answer.choices[0].message.content);
});
await check("wrong key", () => refused(AuthenticationError, () => new OpenAI({ baseURL, apiKey: "not-it", maxRetries: 0 }).models.list()));
await check("unknown model", () => refused(NotFoundError, () => client.chat.completions.create({ model: "no-such-model", messages })));
await check("tools", () => refused(BadRequestError, () => client.chat.completions.create({ model, messages, tools: [{ type: "function", function: { name: "f", parameters: {} } }] })));
await check("bad temperature", () => refused(BadRequestError, () => client.chat.completions.create({ model, messages, temperature: -1 })));
await check("no messages", () => refused(BadRequestError, () => client.chat.completions.create({ model, messages: [] })));
await check("too long", () => refused(BadRequestError, () => client.chat.completions.create({ model, messages: [{ role: "user", content: "lamp ".repeat(4000) }] })));
