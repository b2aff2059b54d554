import Together from 'together-ai';
import { gateway, key } from './check.mjs';
import { run } from './chat_like.mjs';

await run('together-ai', new Together({ baseURL: `${gateway}/v1`, apiKey: key, maxRetries: 0 }));
