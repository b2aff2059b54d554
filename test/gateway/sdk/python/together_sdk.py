"""Together's SDK. Its list of models is of an account's projects, which a gateway has not."""
import together

import chat_like
from check import GATEWAY, KEY, Suite

suite = Suite("together")
chat_like.add_chat(suite, together.Together(base_url=GATEWAY, api_key=KEY, max_retries=0))
