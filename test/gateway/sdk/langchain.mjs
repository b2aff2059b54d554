import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';
import { aborts, assert, cities, failure, finish, gateway, key, models, pixel, said, test } from './check.mjs';

const weather = tool(async () => 'sun', { name: 'weather', description: 'of a city', schema: z.object({ city: z.string() }) });

for (const name of models) {
  const model = new ChatOpenAI({ model: name, apiKey: key, maxRetries: 0, configuration: { baseURL: `${gateway}/v1` } });
  await test(`${name} plain`, async () => {
    const answer = await model.invoke('Hello');
    assert.ok(answer.content.startsWith(said(name)));
    assert.ok(answer.usage_metadata.input_tokens > 0);
  });
  await test(`${name} streamed`, async () => {
    let whole;
    for await (const chunk of await model.stream('Hello')) whole = whole ? whole.concat(chunk) : chunk;
    assert.ok(whole.content.startsWith(said(name)) && whole.content.endsWith('sea.'));
    assert.ok(whole.usage_metadata.output_tokens > 0);
  });
  await test(`${name} parallel tool calls, and their results`, async () => {
    const bound = model.bindTools([weather]);
    const first = await bound.invoke([new HumanMessage('Weather?')]);
    cities(first.tool_calls.map((call) => call.args));
    const results = first.tool_calls.map((call) => new ToolMessage({ tool_call_id: call.id, content: 'sun' }));
    const second = await bound.invoke([new HumanMessage('Weather?'), first, ...results]);
    assert.ok(second.content.startsWith(said(name)));
  });
  await test(`${name} streamed tool calls`, async () => {
    let whole;
    for await (const chunk of await model.bindTools([weather]).stream('Weather?')) whole = whole ? whole.concat(chunk) : chunk;
    cities(whole.tool_calls.map((call) => call.args));
  });
  await test(`${name} responses`, async () => {
    const responses = new ChatOpenAI({ model: name, apiKey: key, maxRetries: 0, useResponsesApi: true, configuration: { baseURL: `${gateway}/v1` } });
    const answer = await responses.invoke('Hello');
    assert.ok(answer.text.startsWith(said(name)) && answer.usage_metadata.output_tokens > 0);
    let whole;
    for await (const chunk of await responses.stream('Hello')) whole = whole ? whole.concat(chunk) : chunk;
    assert.ok(whole.text.startsWith(said(name)) && whole.text.endsWith('sea.'));
    const called = await responses.bindTools([weather]).invoke('Weather?');
    cities(called.tool_calls.map((call) => call.args));
  });
  await test(`${name} structured output`, async () => {
    const person = await model.withStructuredOutput(z.object({ name: z.string(), age: z.number() }), { method: 'jsonSchema' }).invoke('Who?');
    assert.deepEqual(person, { name: 'Ada', age: 36 });
  });
  await test(`${name} image`, async () => {
    const content = [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }];
    assert.ok((await model.invoke([new HumanMessage({ content })])).content.includes('I see 1 image(s).'));
  });
  await test(`${name} errors`, async () => {
    for (const [word, status] of [['rate_limited', 429], ['invalid_request', 400], ['auth', 401], ['permission', 403], ['not_found', 404]]) {
      const error = await failure(model.invoke(`#error:${word}`));
      assert.equal(error.status, status);
    }
  });
  await test(`${name} cut in the middle`, async () => {
    await failure((async () => { for await (const chunk of await model.stream('#cut')) assert.ok(chunk); })());
  });
  await test(`${name} abort`, () => aborts(async () => {
    const stop = new AbortController();
    try {
      for await (const chunk of await model.stream('#slow', { signal: stop.signal })) {
        if (chunk.content) stop.abort();
      }
    } catch { /* that is what an abort is */ }
  }));
}
await test('embeddings', async () => {
  const embeddings = new OpenAIEmbeddings({ model: 'simulated-embedding', apiKey: key, configuration: { baseURL: `${gateway}/v1` } });
  assert.deepEqual(await embeddings.embedDocuments(['abc', 'de']), [[3, 0.5, -1], [2, 0.5, -1]]);
});
finish('@langchain/openai');
