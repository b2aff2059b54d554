// Groq's and Together's SDKs are OpenAI's in other clothes: the same script for both.
import { aborts, assert, cities, failure, finish, models, parameters, pixel, said, schema, test } from './check.mjs';

const user = (content) => [{ role: 'user', content }];
const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }];

export async function run(sdk, client, { embeddings = true } = {}) {
  const chat = client.chat.completions;
  for (const model of models) {
    await test(`${model} plain`, async () => {
      const answer = await chat.create({ model, messages: user('Hello') });
      assert.ok(answer.choices[0].message.content.startsWith(said(model)));
      assert.ok(answer.usage.prompt_tokens > 0);
    });
    await test(`${model} streamed`, async () => {
      let text = '';
      for await (const chunk of await chat.create({ model, messages: user('Hello'), stream: true })) text += chunk.choices[0]?.delta?.content ?? '';
      assert.ok(text.startsWith(said(model)) && text.endsWith('sea.'));
    });
    await test(`${model} streamed, with usage in the last chunk`, async () => {
      let last, usages = 0;
      for await (const chunk of await chat.create({ model, messages: user('Hello'), stream: true, stream_options: { include_usage: true } })) {
        last = chunk;
        usages += chunk.usage ? 1 : 0;
      }
      assert.ok(usages === 1 && last.usage.prompt_tokens > 0 && last.usage.completion_tokens > 0);
    });
    await test(`${model} streamed tool calls`, async () => {
      const calls = [];
      for await (const chunk of await chat.create({ model, messages: user('Weather?'), tools, stream: true })) {
        for (const call of chunk.choices[0]?.delta?.tool_calls ?? []) {
          calls[call.index] = (calls[call.index] ?? '') + (call.function?.arguments ?? '');
        }
      }
      cities(calls);
    });
    await test(`${model} image`, async () => {
      const content = [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }];
      assert.ok((await chat.create({ model, messages: user(content) })).choices[0].message.content.includes('I see 1 image(s).'));
    });
    await test(`${model} parallel tool calls, and their results`, async () => {
      const messages = user('Weather?');
      const first = (await chat.create({ model, messages, tools })).choices[0];
      cities(first.message.tool_calls.map((call) => call.function.arguments));
      messages.push(first.message, ...first.message.tool_calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: 'sun' })));
      assert.ok((await chat.create({ model, messages, tools })).choices[0].message.content.startsWith(said(model)));
    });
    await test(`${model} structured output`, async () => {
      const answer = await chat.create({ model, messages: user('Who?'), response_format: { type: 'json_schema', json_schema: { name: 'person', schema, strict: true } } });
      assert.deepEqual(JSON.parse(answer.choices[0].message.content), { name: 'Ada', age: 36 });
    });
    for (const [name, status] of [['rate_limited', 429], ['invalid_request', 400], ['auth', 401], ['permission', 403], ['not_found', 404]]) {
      for (const stream of [false, true]) {
        await test(`${model} error ${name} ${stream ? 'streamed' : ''}`, async () => {
          const error = await failure(chat.create({ model, stream, messages: user(`#error:${name}`) }));
          assert.equal(error.status, status);
          assert.ok(error.constructor.name !== 'Error' && error.message.includes('as you wish'));
        });
      }
    }
    await test(`${model} cut in the middle`, async () => {
      const stream = await chat.create({ model, messages: user('#cut'), stream: true });
      await failure((async () => { for await (const chunk of stream) assert.ok(chunk.choices[0]?.finish_reason !== 'stop'); })());
    });
    await test(`${model} abort`, () => aborts(async () => {
      const stream = await chat.create({ model, messages: user('#slow'), stream: true });
      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta?.content) break;
      }
      stream.controller.abort();
    }));
  }
  if (embeddings) {
    await test('embeddings', async () => {
      const answer = await client.embeddings.create({ model: 'simulated-embedding', input: ['abc'] });
      assert.deepEqual(answer.data[0].embedding, [3, 0.5, -1]);
    });
  }
  await test('models', async () => {
    const names = [];
    const list = await client.models.list();
    for (const model of list.data ?? list) names.push(model.id); // Together's have no object around them
    assert.ok(names.includes('smart'));
  });
  finish(sdk);
}
