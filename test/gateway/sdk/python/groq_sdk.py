"""Groq's SDK, which puts /openai before each path."""
import groq

import chat_like
from check import GATEWAY, KEY, Suite

suite = Suite("groq")
client = groq.Groq(base_url=GATEWAY, api_key=KEY, max_retries=0)
chat_like.add_chat(suite, client)


@suite.test("models")
def models():
    assert "smart" in [model.id for model in client.models.list().data]
