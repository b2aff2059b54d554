import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { aborts, assert, cities, failure, finish, gateway, key, models, parameters, pixel, said, schema, test } from './check.mjs';

const openai = createOpenAI({ baseURL: `${gateway}/v1`, apiKey: key });
const anthropic = createAnthropic({ baseURL: `${gateway}/v1`, apiKey: key });
const google = createGoogleGenerativeAI({ baseURL: `${gateway}/v1beta`, apiKey: key });
const dialects = { chat: (name) => openai.chat(name), responses: (name) => openai.responses(name), anthropic: (name) => anthropic(name), google: (name) => google(name) };
const weather = tool({ description: 'of a city', inputSchema: jsonSchema(parameters), execute: async () => 'sun' });
const asked = { maxOutputTokens: 200, maxRetries: 0 };

for (const [dialect, make] of Object.entries(dialects)) {
  for (const name of models) {
    const model = make(name), at = `${dialect} ${name}`;
    await test(`${at} plain`, async () => {
      const answer = await generateText({ ...asked, model, prompt: 'Hello' });
      assert.ok(answer.text.startsWith(said(name)));
      assert.equal(answer.finishReason, 'stop');
      assert.ok(answer.usage.inputTokens > 0 && answer.usage.outputTokens > 0);
    });
    await test(`${at} streamed`, async () => {
      const stream = streamText({ ...asked, model, prompt: 'Hello' });
      let text = '';
      for await (const more of stream.textStream) text += more;
      assert.ok(text.startsWith(said(name)) && text.endsWith('sea.'));
      assert.ok((await stream.usage).outputTokens > 0);
    });
    await test(`${at} tools, two steps`, async () => {
      const answer = await generateText({ ...asked, model, prompt: 'Weather?', tools: { weather }, stopWhen: stepCountIs(2) });
      cities(answer.steps[0].toolCalls.map((call) => call.input));
      assert.ok(answer.text.startsWith(said(name)));
    });
    await test(`${at} streamed tool calls`, async () => {
      const stream = streamText({ ...asked, model, prompt: 'Weather?', tools: { weather } });
      await stream.consumeStream();
      cities((await stream.toolCalls).map((call) => call.input));
      assert.equal(await stream.finishReason, 'tool-calls');
    });
    await test(`${at} streamed structured output`, async () => {
      const stream = streamText({ ...asked, model, prompt: 'Who?', output: Output.object({ schema: jsonSchema(schema) }) });
      let last;
      for await (const part of stream.partialOutputStream) last = part;
      assert.deepEqual(last, { name: 'Ada', age: 36 });
    });
    await test(`${at} structured output`, async () => {
      const answer = await generateText({ ...asked, model, prompt: 'Who?', output: Output.object({ schema: jsonSchema(schema) }) });
      assert.deepEqual(answer.output, { name: 'Ada', age: 36 });
    });
    await test(`${at} image`, async () => {
      const content = [{ type: 'text', text: 'What is it?' }, { type: 'image', image: pixel, mediaType: 'image/png' }];
      const answer = await generateText({ ...asked, model, messages: [{ role: 'user', content }] });
      assert.ok(answer.text.includes('I see 1 image(s).'));
    });
    await test(`${at} errors`, async () => {
      for (const [word, status] of [['rate_limited', 429], ['invalid_request', 400], ['auth', 401], ['permission', 403], ['not_found', 404]]) {
        const error = await failure(generateText({ ...asked, model, prompt: `#error:${word}` }));
        assert.ok(APICallError.isInstance(error), error);
        assert.equal(error.statusCode, status);
      }
    });
    await test(`${at} cut in the middle`, async () => {
      const parts = [];
      try {
        for await (const part of streamText({ ...asked, model, prompt: '#cut', onError: () => {} }).fullStream) parts.push(part);
      } catch (error) {
        parts.push({ type: 'error', error });
      }
      assert.ok(parts.some((part) => part.type === 'error'), JSON.stringify(parts));
      assert.ok(!parts.some((part) => part.type === 'finish' && part.finishReason === 'stop'));
    });
    await test(`${at} abort`, () => aborts(async () => {
      const stop = new AbortController();
      try {
        for await (const more of streamText({ ...asked, model, prompt: '#slow', abortSignal: stop.signal, onError: () => {} }).textStream) {
          if (more) stop.abort();
        }
      } catch { /* that is what an abort is */ }
    }));
  }
}
await test('embeddings', async () => {
  const answer = await embedMany({ model: openai.textEmbeddingModel('simulated-embedding'), values: ['abc', 'de'], maxRetries: 0 });
  assert.deepEqual(answer.embeddings, [[3, 0.5, -1], [2, 0.5, -1]]);
});
await test('embeddings by Google\'s dialect', async () => {
  const answer = await embedMany({ model: google.textEmbeddingModel('openai/simulated-embedding'), values: ['abc', 'de'], maxRetries: 0 });
  assert.deepEqual(answer.embeddings, [[3, 0.5, -1], [2, 0.5, -1]]);
});
finish('ai, @ai-sdk/openai, @ai-sdk/anthropic, @ai-sdk/google');
