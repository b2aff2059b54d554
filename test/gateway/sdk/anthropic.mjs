import Anthropic from '@anthropic-ai/sdk';
import { aborts, assert, cities, failure, finish, gateway, key, models, parameters, pixel, said, schema, test } from './check.mjs';

const client = new Anthropic({ baseURL: gateway, apiKey: key, maxRetries: 0 });
const user = (content) => [{ role: 'user', content }];
const tools = [{ name: 'weather', description: 'of a city', input_schema: parameters }];
const max_tokens = 200;

for (const model of models) {
  await test(`${model} plain`, async () => {
    const answer = await client.messages.create({ model, max_tokens, system: 'Be brief.', messages: user('Hello') });
    assert.ok(answer.content[0].text.startsWith(said(model)));
    assert.equal(answer.stop_reason, 'end_turn');
    assert.ok(answer.usage.input_tokens > 0 && answer.usage.output_tokens > 0);
  });
  await test(`${model} streamed`, async () => {
    let text = '';
    const stream = client.messages.stream({ model, max_tokens, messages: user('Hello') }).on('text', (more) => { text += more; });
    const whole = await stream.finalMessage();
    assert.ok(text.startsWith(said(model)) && text.endsWith('sea.'));
    assert.equal(whole.content[0].text, text);
    assert.ok(whole.usage.output_tokens > 1);
  });
  await test(`${model} parallel tool calls, and their results`, async () => {
    const messages = user('Weather?');
    const first = await client.messages.create({ model, max_tokens, messages, tools });
    assert.equal(first.stop_reason, 'tool_use');
    const calls = first.content.filter((block) => block.type === 'tool_use');
    cities(calls.map((call) => call.input));
    messages.push({ role: 'assistant', content: first.content },
      { role: 'user', content: calls.map((call) => ({ type: 'tool_result', tool_use_id: call.id, content: 'sun' })) });
    const second = await client.messages.create({ model, max_tokens, messages, tools });
    assert.ok(second.content[0].text.startsWith(said(model)));
  });
  await test(`${model} streamed tool calls`, async () => {
    const whole = await client.messages.stream({ model, max_tokens, messages: user('Weather?'), tools }).finalMessage();
    cities(whole.content.filter((block) => block.type === 'tool_use').map((call) => call.input));
  });
  await test(`${model} structured output`, async () => {
    const answer = await client.messages.create({ model, max_tokens, messages: user('Who?'), output_config: { format: { type: 'json_schema', schema } } });
    assert.deepEqual(JSON.parse(answer.content[0].text), { name: 'Ada', age: 36 });
  });
  await test(`${model} image`, async () => {
    const content = [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: pixel } }, { type: 'text', text: 'What is it?' }];
    const answer = await client.messages.create({ model, max_tokens, messages: user(content) });
    assert.ok(answer.content[0].text.includes('I see 1 image(s).'));
  });
  for (const [name, type, status] of [['rate_limited', Anthropic.RateLimitError, 429], ['invalid_request', Anthropic.BadRequestError, 400],
    ['auth', Anthropic.AuthenticationError, 401], ['permission', Anthropic.PermissionDeniedError, 403], ['not_found', Anthropic.NotFoundError, 404]]) {
    for (const stream of [false, true]) {
      await test(`${model} error ${name} ${stream ? 'streamed' : ''}`, async () => {
        const error = await failure(client.messages.create({ model, max_tokens, stream, messages: user(`#error:${name}`) }));
        assert.ok(error instanceof type, error);
        assert.equal(error.status, status);
        assert.equal(error.error.type, 'error');
        assert.equal(error.error.error.type, { rate_limited: 'rate_limit_error', invalid_request: 'invalid_request_error', auth: 'authentication_error', permission: 'permission_error', not_found: 'not_found_error' }[name]);
        assert.ok(error.error.error.message.includes('as you wish') && error.requestID);
      });
    }
  }
  await test(`${model} a prompt that is too long`, async () => {
    const error = await failure(client.messages.create({ model, max_tokens, messages: user('#error:context_overflow') }));
    assert.ok(error instanceof Anthropic.BadRequestError && error.message.includes('prompt is too long'), error);
  });
  await test(`${model} a tool's result in blocks`, async () => {
    const messages = [...user('Weather?'), { role: 'assistant', content: [{ type: 'tool_use', id: 'call_bonn', name: 'weather', input: { city: 'Bonn' } }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_bonn', content: [{ type: 'text', text: 'sun' }] }] }];
    assert.ok((await client.messages.create({ model, max_tokens, messages, tools, tool_choice: { type: 'auto' } })).content[0].text.startsWith(said(model)));
  });
  await test(`${model} cut in the middle`, async () => {
    const error = await failure(client.messages.stream({ model, max_tokens, messages: user('#cut') }).finalMessage());
    assert.ok(error instanceof Anthropic.AnthropicError, error);
  });
  await test(`${model} abort`, () => aborts(async () => {
    const stream = await client.messages.create({ model, max_tokens, messages: user('#slow'), stream: true });
    for await (const event of stream) {
      if (event.type === 'content_block_delta') break;
    }
    stream.controller.abort();
  }));
}
await test('counted tokens', async () => {
  const count = await client.messages.countTokens({ model: models[1], messages: user('Hello') });
  assert.ok(count.input_tokens > 0);
});
await test('models', async () => {
  const list = [];
  for await (const model of client.models.list()) list.push(model.id);
  assert.ok(list.includes('smart'));
});
finish('@anthropic-ai/sdk');
