"""Mistral's SDK, which looks into the first choice of each chunk."""
from mistralai.client import Mistral

from check import ADA, ERRORS, GATEWAY, KEY, PARAMETERS, Person, Suite, cities, failure, user, whole

suite = Suite("mistralai")
client = Mistral(api_key=KEY, server_url=GATEWAY)
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "of a city", "parameters": PARAMETERS}}]


@suite.for_each_model
def plain(model):
    whole(client.chat.complete(model=model, messages=user("Hello")).choices[0].message.content, model)


@suite.for_each_model
def streamed(model):
    text, usage = "", None
    with client.chat.stream(model=model, messages=user("Hello")) as events:
        for event in events:
            text += event.data.choices[0].delta.content or ""
            usage = event.data.usage or usage
    whole(text, model)
    assert usage.total_tokens > 0


@suite.for_each_model
def tools(model):
    answer = client.chat.complete(model=model, messages=user("Weather?"), tools=TOOLS, tool_choice="any")
    cities(call.function.arguments for call in answer.choices[0].message.tool_calls)


@suite.for_each_model
def parsed(model):
    answer = client.chat.parse(model=model, messages=user("Who?"), response_format=Person)
    assert answer.choices[0].message.parsed == ADA


@suite.for_each_model
def errors(model):
    for name, status in ERRORS.items():
        assert failure(lambda: client.chat.complete(model=model, messages=user(f"#error:{name}"))).status_code == status


@suite.test("embeddings, models")
def others():
    assert client.embeddings.create(model="simulated-embedding", inputs=["abc"]).data[0].embedding == [3, 0.5, -1]
    assert "smart" in [model.id for model in client.models.list().data]
    assert client.models.retrieve(model_id="fast").id == "fast"
