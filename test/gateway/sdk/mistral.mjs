import { Mistral } from '@mistralai/mistralai';
import { aborts, assert, cities, failure, finish, gateway, key, models, parameters, pixel, said, schema, test } from './check.mjs';

const client = new Mistral({ serverURL: gateway, apiKey: key, retryConfig: { strategy: 'none' } });
const user = (content) => [{ role: 'user', content }];
const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }];

for (const model of models) {
  await test(`${model} plain`, async () => {
    const answer = await client.chat.complete({ model, messages: user('Hello') });
    assert.ok(answer.choices[0].message.content.startsWith(said(model)));
    assert.ok(answer.usage.promptTokens > 0);
  });
  await test(`${model} streamed`, async () => {
    let text = '', last, usage;
    for await (const event of await client.chat.stream({ model, messages: user('Hello') })) {
      text += event.data.choices[0]?.delta?.content ?? '';
      last = event.data;
      usage = event.data.usage ?? usage;
    }
    assert.ok(text.startsWith(said(model)) && text.endsWith('sea.'));
    assert.ok(last);
    assert.ok(usage.promptTokens > 0 && usage.completionTokens > 0);
  });
  await test(`${model} streamed tool calls`, async () => {
    const calls = [];
    for await (const event of await client.chat.stream({ model, messages: user('Weather?'), tools })) {
      for (const piece of event.data.choices[0]?.delta?.toolCalls ?? []) {
        const call = calls[piece.index] ??= { name: '', arguments: '' };
        call.name += piece.function.name;
        call.arguments += piece.function.arguments;
      }
    }
    assert.ok(calls.every((call) => call.name === 'weather'));
    cities(calls.map((call) => call.arguments));
  });
  await test(`${model} parallel tool calls, and their results`, async () => {
    const messages = user('Weather?');
    const first = (await client.chat.complete({ model, messages, tools })).choices[0];
    assert.equal(first.finishReason, 'tool_calls');
    cities(first.message.toolCalls.map((call) => call.function.arguments));
    messages.push(first.message, ...first.message.toolCalls.map((call) => ({ role: 'tool', toolCallId: call.id, name: 'weather', content: 'sun' })));
    const second = (await client.chat.complete({ model, messages, tools })).choices[0];
    assert.ok(second.message.content.startsWith(said(model)));
  });
  await test(`${model} structured output`, async () => {
    const answer = await client.chat.complete({ model, messages: user('Who?'), responseFormat: { type: 'json_schema', jsonSchema: { name: 'person', schemaDefinition: schema, strict: true } } });
    assert.deepEqual(JSON.parse(answer.choices[0].message.content), { name: 'Ada', age: 36 });
  });
  await test(`${model} image`, async () => {
    const answer = await client.chat.complete({ model, messages: user([{ type: 'text', text: 'What?' }, { type: 'image_url', imageUrl: `data:image/png;base64,${pixel}` }]) });
    assert.ok(answer.choices[0].message.content.includes('I see 1 image(s).'));
  });
  for (const [name, status] of [['rate_limited', 429], ['invalid_request', 400], ['auth', 401], ['permission', 403], ['not_found', 404]]) {
    await test(`${model} error ${name}`, async () => {
      const error = await failure(client.chat.complete({ model, messages: user(`#error:${name}`) }));
      assert.equal(error.statusCode, status);
      const streamed = await failure(client.chat.stream({ model, messages: user(`#error:${name}`) }));
      assert.equal(streamed.statusCode, status);
      assert.ok(error.body.includes('as you wish'));
    });
  }
  await test(`${model} cut in the middle`, async () => {
    const stream = await client.chat.stream({ model, messages: user('#cut') });
    await failure((async () => { for await (const event of stream) assert.ok(event.data.choices[0]?.finishReason !== 'stop'); })());
  });
  await test(`${model} abort`, () => aborts(async () => {
    const stop = new AbortController();
    try {
      for await (const event of await client.chat.stream({ model, messages: user('#slow') }, { fetchOptions: { signal: stop.signal } })) {
        if (event.data.choices[0]?.delta?.content) stop.abort();
      }
    } catch { /* that is what an abort is */ }
  }));
}
await test('embeddings', async () => {
  const answer = await client.embeddings.create({ model: 'simulated-embedding', inputs: ['abc'] });
  assert.deepEqual(answer.data[0].embedding, [3, 0.5, -1]);
});
await test('models', async () => {
  assert.ok((await client.models.list()).data.some((model) => (model.raw ?? model).id === 'smart'));
});
finish('@mistralai/mistralai');
