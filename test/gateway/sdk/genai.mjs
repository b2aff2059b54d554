import { ApiError, FunctionCallingConfigMode, GoogleGenAI } from '@google/genai';
import { aborts, assert, cities, failure, finish, gateway, key, models, parameters, pixel, said, schema, test } from './check.mjs';

const client = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: gateway, retryOptions: { attempts: 1 } } });
const tools = [{ functionDeclarations: [{ name: 'weather', description: 'of a city', parametersJsonSchema: parameters }] }];

for (const model of models) {
  await test(`${model} plain`, async () => {
    const answer = await client.models.generateContent({ model: `models/${model}`, contents: 'Hello', config: { systemInstruction: 'Be brief.' } });
    assert.ok(answer.text.startsWith(said(model)));
    assert.equal(answer.candidates[0].finishReason, 'STOP');
    assert.ok(answer.usageMetadata.promptTokenCount > 0 && answer.usageMetadata.candidatesTokenCount > 0);
  });
  await test(`${model} streamed`, async () => {
    let text = '', last;
    for await (const chunk of await client.models.generateContentStream({ model: `models/${model}`, contents: 'Hello' })) {
      text += chunk.text ?? '';
      last = chunk;
    }
    assert.ok(text.startsWith(said(model)) && text.endsWith('sea.'));
    assert.equal(last.candidates[0].finishReason, 'STOP');
    assert.ok(last.usageMetadata.candidatesTokenCount > 0);
  });
  await test(`${model} parallel tool calls, and their results`, async () => {
    const first = await client.models.generateContent({ model: `models/${model}`, contents: 'Weather?', config: { tools, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.AUTO } } } });
    cities(first.functionCalls.map((call) => call.args));
    const contents = [{ role: 'user', parts: [{ text: 'Weather?' }] }, first.candidates[0].content,
      { role: 'user', parts: first.functionCalls.map((call) => ({ functionResponse: { name: call.name, response: { output: 'sun' } } })) }];
    const second = await client.models.generateContent({ model: `models/${model}`, contents, config: { tools } });
    assert.ok(second.text.startsWith(said(model)));
  });
  await test(`${model} streamed tool calls`, async () => {
    const calls = [];
    for await (const chunk of await client.models.generateContentStream({ model: `models/${model}`, contents: 'Weather?', config: { tools } })) {
      calls.push(...(chunk.functionCalls ?? []));
    }
    cities(calls.map((call) => call.args));
  });
  await test(`${model} structured output`, async () => {
    const answer = await client.models.generateContent({ model: `models/${model}`, contents: 'Who?', config: { responseMimeType: 'application/json', responseJsonSchema: schema } });
    assert.deepEqual(JSON.parse(answer.text), { name: 'Ada', age: 36 });
  });
  await test(`${model} image`, async () => {
    const contents = [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: pixel } }, { text: 'What is it?' }] }];
    const answer = await client.models.generateContent({ model: `models/${model}`, contents });
    assert.ok(answer.text.includes('I see 1 image(s).'));
  });
  for (const [name, status] of [['rate_limited', 429], ['invalid_request', 400], ['auth', 401], ['permission', 403], ['not_found', 404]]) {
    await test(`${model} error ${name}`, async () => {
      const error = await failure(client.models.generateContent({ model: `models/${model}`, contents: `#error:${name}` }));
      assert.ok(error instanceof ApiError, error);
      assert.equal(error.status, status);
      assert.equal(JSON.parse(error.message).error.status, { rate_limited: 'RESOURCE_EXHAUSTED', invalid_request: 'INVALID_ARGUMENT', auth: 'UNAUTHENTICATED', permission: 'PERMISSION_DENIED', not_found: 'NOT_FOUND' }[name]);
      const streamed = await failure(client.models.generateContentStream({ model: `models/${model}`, contents: `#error:${name}` }));
      assert.equal(streamed.status, status);
    });
  }
  await test(`${model} cut in the middle`, async () => {
    const stream = await client.models.generateContentStream({ model: `models/${model}`, contents: '#cut' });
    await failure((async () => { for await (const chunk of stream) assert.ok(chunk.candidates?.[0]?.finishReason !== 'STOP'); })());
  });
  await test(`${model} abort`, () => aborts(async () => {
    const stop = new AbortController();
    const stream = await client.models.generateContentStream({ model: `models/${model}`, contents: '#slow', config: { abortSignal: stop.signal } });
    try {
      for await (const chunk of stream) {
        if (chunk.text) stop.abort();
      }
    } catch { /* that is what an abort is */ }
  }));
}
await test('embeddings', async () => {
  const answer = await client.models.embedContent({ model: 'openai/simulated-embedding', contents: ['abc', 'de'] });
  assert.deepEqual(answer.embeddings.map((one) => one.values), [[3, 0.5, -1], [2, 0.5, -1]]);
});
await test('counted tokens', async () => {
  assert.ok((await client.models.countTokens({ model: models[2], contents: 'Hello' })).totalTokens > 0);
});
await test('models', async () => {
  const names = [];
  for await (const model of await client.models.list()) names.push(model.name);
  assert.ok(names.includes('models/smart'), names.join());
  assert.equal((await client.models.get({ model: 'smart' })).name, 'models/smart');
});
finish('@google/genai');
