import Groq from 'groq-sdk';
import { gateway, key } from './check.mjs';
import { run } from './chat_like.mjs';

await run('groq-sdk', new Groq({ baseURL: gateway, apiKey: key, maxRetries: 0 }));
