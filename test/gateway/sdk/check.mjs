// What the scripts of all SDKs have in common: where the gateway is, what is asked, and how it is judged.
import assert from 'node:assert/strict';

export { assert };
export const gateway = process.env.GATEWAY_URL;
export const key = process.env.GATEWAY_KEY ?? 'sk-test';
/// A vendor of each kind behind the gateway, whatever the client's dialect.
export const models = ['openai/simulated-gpt', 'anthropic/simulated-claude', 'gemini/simulated-gemini'];
export const said = (model) => `This is the simulated ${model.split('/')[0]}.`;
export const schema = {
  type: 'object',
  properties: { name: { type: 'string' }, age: { type: 'integer' } },
  required: ['name', 'age'],
  additionalProperties: false,
};
export const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'], additionalProperties: false };
/// One red pixel.
export const pixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==';
export const cities = (list) => assert.deepEqual(list.map((one) => (typeof one === 'string' ? JSON.parse(one) : one).city).sort(), ['Bonn', 'Oslo']);

let failed = 0, passed = 0;
export async function test(name, run) {
  try {
    await run();
    ++passed;
  } catch (error) {
    ++failed;
    console.log(`  FAILED ${name}: ${error.stack ?? error}`);
  }
}
export function finish(sdk) {
  console.log(`${failed ? 'FAILED' : 'ok'} ${sdk}: ${passed} passed, ${failed} failed`);
  process.exit(failed ? 1 : 0);
}

async function aborted() {
  const page = await (await fetch(`${gateway}/metrics`)).text();
  return Number(/baton_requests_total\{outcome="aborted"\} (\d+)/.exec(page)[1]);
}
/// Runs what aborts a request, and waits until the gateway has counted it: the call upstream is gone by then.
export async function aborts(run) {
  const before = await aborted();
  await run();
  for (let i = 0; i < 2000; ++i) {
    if ((await aborted()) > before) return;
    await new Promise((done) => setTimeout(done, 10));
  }
  assert.fail('the gateway did not see the abort');
}
/// The promise must fail; its error.
export async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  assert.fail('no error');
}
