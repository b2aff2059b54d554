"""Google's SDK: contents with its helpers, chats, embeddings, token counts, models."""
import asyncio
import base64
import json

from google import genai
from google.genai import errors, types

from check import ADA, ERRORS, GATEWAY, KEY, MODELS, PIXEL, Person, Suite, cities, failure, said, whole

suite = Suite("google-genai")
client = genai.Client(api_key=KEY, http_options=types.HttpOptions(base_url=GATEWAY))
WEATHER = types.FunctionDeclaration(name="weather", description="of a city", parameters=types.Schema(
    type="OBJECT", properties={"city": types.Schema(type="STRING")}, required=["city"]))
TOOLS = types.GenerateContentConfig(tools=[types.Tool(function_declarations=[WEATHER])])


def ask(model, contents, config=None):
    return client.models.generate_content(model=model, contents=contents, config=config)


def stream(model, contents, config=None):
    return list(client.models.generate_content_stream(model=model, contents=contents, config=config))


@suite.for_each_model
def plain(model):
    answer = ask(model, "Hello", types.GenerateContentConfig(system_instruction="Be brief.", max_output_tokens=100))
    whole(answer.text, model)
    assert answer.usage_metadata.prompt_token_count > 0


@suite.for_each_model
def streamed(model):
    whole("".join(chunk.text or "" for chunk in stream(model, "Hello")), model)


@suite.for_each_model
def tools(model):
    answer = ask(model, "Weather?", TOOLS)
    cities(call.args for call in answer.function_calls)
    results = [types.Part.from_function_response(name="weather", response={"is": "sun"}) for _ in answer.function_calls]
    history = [types.Content(role="user", parts=[types.Part(text="Weather?")]), answer.candidates[0].content,
               types.Content(role="user", parts=results)]
    assert ask(model, history, TOOLS).text.startswith(said(model))
    cities(call.args for chunk in stream(model, "Weather?", TOOLS) for call in chunk.function_calls or [])


@suite.for_each_model
def functions_that_it_calls_itself(model):
    asked = []

    def weather(city: str) -> str:
        """of a city"""
        asked.append(city)
        return "sun"
    assert ask(model, "Weather?", types.GenerateContentConfig(tools=[weather])).text.startswith(said(model))
    assert sorted(asked) == ["Bonn", "Oslo"]


@suite.for_each_model
def structured_output(model):
    form = types.GenerateContentConfig(response_mime_type="application/json", response_schema=Person)
    assert ask(model, "Who?", form).parsed == ADA
    form = types.GenerateContentConfig(response_mime_type="application/json",
                                       response_json_schema=Person.model_json_schema())
    assert json.loads(ask(model, "Who?", form).text) == ADA.model_dump()


@suite.for_each_model
def image(model):
    pixel = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
    assert "I see 1 image(s)." in ask(model, ["What is it?", pixel]).text


@suite.for_each_model
def told_errors(model):
    for name, status in ERRORS.items():
        for run in (ask, stream):
            assert failure(lambda: run(model, f"#error:{name}"), errors.APIError).code == status
    ends = []

    def read():
        for chunk in client.models.generate_content_stream(model=model, contents="#cut"):
            ends.append(chunk.candidates[0].finish_reason)
    failure(read)
    assert not any(ends)


@suite.for_each_model
def chats_and_counts(model):
    chat = client.chats.create(model=model)
    whole(chat.send_message("Hello").text, model)
    whole("".join(chunk.text or "" for chunk in chat.send_message_stream("And now?")), model)
    count = lambda: client.models.count_tokens(model=model, contents="Hello").total_tokens
    if model.startswith("openai/"):
        failure(count, errors.ClientError)  # chat completions have no such thing
    else:
        assert count() > 0


@suite.test("embeddings, models, many at once")
def others():
    answer = client.models.embed_content(model="simulated-embedding", contents=["abc", "de"])
    assert [list(one.values) for one in answer.embeddings] == [[3, 0.5, -1], [2, 0.5, -1]]
    assert "models/smart" in [model.name for model in client.models.list()]

    async def ask_one(i):
        text = ""
        async for chunk in await client.aio.models.generate_content_stream(model=MODELS[i % 3], contents=f"no {i}"):
            text += chunk.text or ""
        assert f'"no {i}"' in text

    async def all_of_them():
        await asyncio.gather(*[ask_one(i) for i in range(20)])
    asyncio.run(all_of_them())
