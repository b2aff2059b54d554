"""OpenAI's SDK: chat completions with its helpers, responses, embeddings, models."""
import asyncio

import openai

import chat_like
from check import ADA, GATEWAY, IMAGE, KEY, MODELS, PARAMETERS, Person, Suite, Weather, cities, failure, said, user, whole

suite = Suite("openai")
client = openai.OpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0)
chat, responses = client.chat.completions, client.responses
TOOLS = [{"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}]
chat_like.add_chat(suite, client)


@suite.for_each_model
def usage_in_the_last_chunk(model):
    chunks = list(chat.create(model=model, messages=user("Hello"), stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens > 0
    assert not any(chunk.usage for chunk in chunks[:-1])


@suite.for_each_model
def parsed(model):
    answer = chat.parse(model=model, messages=user("Who?"), response_format=Person)
    assert answer.choices[0].message.parsed == ADA


@suite.for_each_model
def stream_helper(model):
    with chat.stream(model=model, messages=user("Who?"), response_format=Person) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == ADA
    with chat.stream(model=model, messages=user("Weather?"), tools=[openai.pydantic_function_tool(Weather)]) as stream:
        calls = stream.get_final_completion().choices[0].message.tool_calls
    assert sorted(call.function.parsed_arguments.city for call in calls) == ["Bonn", "Oslo"]


@suite.for_each_model
def response(model):
    answer = responses.create(model=model, input="Hello", instructions="Be brief.", max_output_tokens=100)
    whole(answer.output_text, model)
    assert answer.status == "completed" and answer.usage.total_tokens > 0
    content = [{"type": "input_text", "text": "What is it?"}, {"type": "input_image", "detail": "auto", "image_url": IMAGE}]
    assert "I see 1 image(s)." in responses.create(model=model, input=user(content)).output_text
    assert responses.parse(model=model, input="Who?", text_format=Person).output_parsed == ADA


@suite.for_each_model
def response_streamed(model):
    text, completed = "", None
    for event in responses.create(model=model, input="Hello", stream=True):
        text += event.delta if event.type == "response.output_text.delta" else ""
        completed = event.response if event.type == "response.completed" else completed
    whole(text, model)
    assert completed.output_text == text
    with responses.stream(model=model, input="Who?", text_format=Person) as stream:
        assert stream.get_final_response().output_parsed == ADA


@suite.for_each_model
def response_tools(model):
    answer = responses.create(model=model, input="Weather?", tools=TOOLS)
    calls = [item for item in answer.output if item.type == "function_call"]
    cities(call.arguments for call in calls)
    history = user("Weather?") + [item.model_dump(exclude_none=True) for item in answer.output]
    history += [{"type": "function_call_output", "call_id": call.call_id, "output": "sun"} for call in calls]
    assert responses.create(model=model, input=history, tools=TOOLS).output_text.startswith(said(model))
    with responses.stream(model=model, input="Weather?", tools=TOOLS) as stream:
        cities(item.arguments for item in stream.get_final_response().output if item.type == "function_call")


@suite.for_each_model
def response_fails(model):
    for name, kind in {"rate_limited": openai.RateLimitError, "invalid_request": openai.BadRequestError,
                       "auth": openai.AuthenticationError}.items():
        for stream in (False, True):
            failure(lambda: responses.create(model=model, input=f"#error:{name}", stream=stream), kind)
    events = []

    def read():
        events.extend(event.type for event in responses.create(model=model, input="#cut", stream=True))
    failure(read, openai.APIError)
    assert "response.completed" not in events


@suite.test("many at once")
def many_at_once():
    async def ask(client, i):
        model = MODELS[i % 3]
        if i % 2:
            answer = await client.chat.completions.create(model=model, messages=user(f"no {i}"))
            assert f'"no {i}"' in answer.choices[0].message.content
            return
        text = ""
        async for chunk in await client.chat.completions.create(model=model, messages=user(f"no {i}"), stream=True):
            text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        assert f'"no {i}"' in text

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=f"{GATEWAY}/v1", api_key=KEY, max_retries=0) as client:
            await asyncio.gather(*[ask(client, i) for i in range(60)])
    asyncio.run(all_of_them())


@suite.test("models, aliases, ids of requests")
def models_and_ids():
    assert {"fast", "smart", "cheap", *MODELS} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("fast").id == "fast"
    failure(lambda: chat.create(model="groq/none", messages=user("Hello")), openai.NotFoundError)
    raw = chat.with_raw_response.create(model="smart", messages=user("Hello"))
    assert raw.headers["x-request-id"] == raw.parse()._request_id
    assert raw.headers["x-baton-provider"] == "anthropic"
    answer = client.embeddings.create(model="simulated-embedding", input="abc", encoding_format="float")
    assert answer.data[0].embedding == [3, 0.5, -1] and answer.usage.prompt_tokens > 0
