import OpenAI from 'openai';
import { aborts, assert, cities, failure, finish, gateway, key, models, parameters, pixel, said, schema, test } from './check.mjs';

const client = new OpenAI({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];
const tools = [{ type: 'function', function: { name: 'weather', description: 'of a city', parameters } }];

for (const model of models) {
  await test(`${model} plain`, async () => {
    const { data, response } = await client.chat.completions.create({ model, max_tokens: 200, messages: user('Hello') }).withResponse();
    assert.ok(data.choices[0].message.content.startsWith(said(model)));
    assert.equal(data.choices[0].finish_reason, 'stop');
    assert.ok(data.usage.prompt_tokens > 0 && data.usage.completion_tokens > 0);
    assert.equal(response.headers.get('x-baton-provider'), model.split('/')[0]);
    assert.equal(data._request_id, response.headers.get('x-request-id'));
  });
  await test(`${model} streamed, with usage in the last chunk`, async () => {
    const stream = await client.chat.completions.create({ model, messages: user('Hello'), stream: true, stream_options: { include_usage: true } });
    let text = '', last, chunks = 0;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta?.content ?? '';
      last = chunk;
      ++chunks;
    }
    assert.ok(text.startsWith(said(model)) && text.endsWith('sea.'));
    assert.ok(chunks > 10);
    assert.equal(last.choices.length, 0);
    assert.ok(last.usage.prompt_tokens > 0 && last.usage.completion_tokens > 0);
  });
  await test(`${model} parallel tool calls, and their results`, async () => {
    const messages = user('Weather?');
    const first = (await client.chat.completions.create({ model, messages, tools })).choices[0];
    assert.equal(first.finish_reason, 'tool_calls');
    cities(first.message.tool_calls.map((call) => call.function.arguments));
    messages.push(first.message, ...first.message.tool_calls.map((call) => ({ role: 'tool', tool_call_id: call.id, content: 'sun' })));
    const second = (await client.chat.completions.create({ model, messages, tools })).choices[0];
    assert.ok(second.message.content.startsWith(said(model)));
  });
  await test(`${model} streamed tool calls`, async () => {
    const runner = client.chat.completions.stream({ model, messages: user('Weather?'), tools });
    const whole = await runner.finalChatCompletion();
    cities(whole.choices[0].message.tool_calls.map((call) => call.function.arguments));
  });
  await test(`${model} structured output`, async () => {
    const answer = await client.chat.completions.parse({
      model, messages: user('Who?'), response_format: { type: 'json_schema', json_schema: { name: 'person', strict: true, schema } },
    });
    assert.deepEqual(JSON.parse(answer.choices[0].message.content), { name: 'Ada', age: 36 });
  });
  await test(`${model} image`, async () => {
    const content = [{ type: 'text', text: 'What is it?' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${pixel}` } }];
    const answer = await client.chat.completions.create({ model, messages: user(content) });
    assert.ok(answer.choices[0].message.content.includes('I see 1 image(s).'));
  });
  for (const [name, type, status] of [['rate_limited', OpenAI.RateLimitError, 429], ['invalid_request', OpenAI.BadRequestError, 400],
    ['auth', OpenAI.AuthenticationError, 401], ['permission', OpenAI.PermissionDeniedError, 403], ['not_found', OpenAI.NotFoundError, 404]]) {
    for (const stream of [false, true]) {
      await test(`${model} error ${name} ${stream ? 'streamed' : ''}`, async () => {
        const error = await failure(client.chat.completions.create({ model, stream, messages: user(`#error:${name}`) }));
        assert.ok(error instanceof type, error);
        assert.equal(error.status, status);
        assert.ok(error.message.includes('as you wish') && error.type && error.requestID);
      });
    }
  }
  await test(`${model} cut in the middle`, async () => {
    const stream = await client.chat.completions.create({ model, messages: user('#cut'), stream: true });
    let text = '';
    const error = await failure((async () => { for await (const chunk of stream) text += chunk.choices[0]?.delta?.content ?? ''; })());
    assert.ok(text.length > 0);
    assert.ok(error instanceof OpenAI.APIError, error);
  });
  await test(`${model} abort`, () => aborts(async () => {
    const stream = await client.chat.completions.create({ model, messages: user('#slow'), stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta?.content) break;
    }
    stream.controller.abort();
  }));
  await test(`${model} responses`, async () => {
    const answer = await client.responses.create({ model, input: 'Hello' });
    assert.ok(answer.output_text.startsWith(said(model)));
    assert.ok(answer.usage.input_tokens > 0);
    let text = '', completed;
    for await (const event of await client.responses.create({ model, input: 'Hello', stream: true })) {
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') completed = event.response;
    }
    assert.equal(completed.output_text ?? text, text);
    assert.ok(text.startsWith(said(model)) && completed.usage.output_tokens > 0);
    const called = await client.responses.create({ model, input: 'Weather?', tools: [{ type: 'function', name: 'weather', parameters, strict: true }] });
    cities(called.output.filter((item) => item.type === 'function_call').map((item) => item.arguments));
    const person = await client.responses.create({ model, input: 'Who?', text: { format: { type: 'json_schema', name: 'person', strict: true, schema } } });
    assert.equal(JSON.parse(person.output_text).name, 'Ada');
    const error = await failure(client.responses.create({ model, input: '#error:rate_limited' }));
    assert.ok(error instanceof OpenAI.RateLimitError);
  });
  await test(`${model} responses, streamed tool calls and an image`, async () => {
    const calls = [];
    for await (const event of await client.responses.create({ model, input: 'Weather?', stream: true, tools: [{ type: 'function', name: 'weather', parameters, strict: true }] })) {
      if (event.type === 'response.function_call_arguments.done') calls.push(event.arguments);
    }
    cities(calls);
    const content = [{ type: 'input_text', text: 'What is it?' }, { type: 'input_image', detail: 'auto', image_url: `data:image/png;base64,${pixel}` }];
    assert.ok((await client.responses.create({ model, input: [{ role: 'user', content }] })).output_text.includes('I see 1 image(s).'));
  });
  await test(`${model} responses, errors and an abort`, async () => {
    for (const [name, type] of [['invalid_request', OpenAI.BadRequestError], ['auth', OpenAI.AuthenticationError], ['permission', OpenAI.PermissionDeniedError], ['not_found', OpenAI.NotFoundError]]) {
      for (const stream of [false, true]) {
        assert.ok((await failure(client.responses.create({ model, stream, input: `#error:${name}` }))) instanceof type);
      }
    }
    await aborts(async () => {
      const stream = await client.responses.create({ model, input: '#slow', stream: true });
      for await (const event of stream) {
        if (event.type === 'response.output_text.delta') break;
      }
      stream.controller.abort();
    });
  });
  await test(`${model} responses cut in the middle`, async () => {
    let completed = false, broken = false;
    try {
      for await (const event of await client.responses.create({ model, input: '#cut', stream: true })) {
        completed ||= event.type === 'response.completed';
        broken ||= event.type === 'response.failed' || event.type === 'error';
      }
    } catch {
      broken = true;
    }
    assert.ok(broken && !completed);
  });
}
await test('aliases, models, embeddings', async () => {
  const list = [];
  for await (const model of client.models.list()) list.push(model.id);
  for (const name of ['fast', 'smart', 'cheap', ...models]) assert.ok(list.includes(name), name);
  assert.equal((await client.models.retrieve('fast')).id, 'fast');
  assert.ok((await client.chat.completions.create({ model: 'smart', messages: user('Hello') })).choices[0].message.content.includes('anthropic'));
  const vectors = await client.embeddings.create({ model: 'simulated-embedding', input: ['abc', 'de'] });
  assert.deepEqual(vectors.data.map((one) => [...one.embedding]), [[3, 0.5, -1], [2, 0.5, -1]]);
  const error = await failure(client.chat.completions.create({ model: 'groq/none', messages: user('Hello') }));
  assert.ok(error instanceof OpenAI.NotFoundError);
});
finish('openai');
