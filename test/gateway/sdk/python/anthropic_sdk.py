"""Anthropic's SDK: messages with its helpers, token counts, models."""
import anthropic

from check import ADA, ERRORS, GATEWAY, KEY, MODELS, PARAMETERS, PIXEL, Person, Suite, cities, failure, said, user, whole

suite = Suite("anthropic")
client = anthropic.Anthropic(base_url=GATEWAY, api_key=KEY, max_retries=0)
TOOLS = [{"name": "weather", "description": "of a city", "input_schema": PARAMETERS}]


def ask(model, content, **more):
    return client.messages.create(model=model, max_tokens=100, messages=user(content), **more)


def stream(model, content, **more):
    with client.messages.stream(model=model, max_tokens=100, messages=user(content), **more) as events:
        return "".join(events.text_stream), events.get_final_message()


@suite.for_each_model
def plain(model):
    answer = ask(model, "Hello", system="Be brief.")
    whole(answer.content[0].text, model)
    assert answer.stop_reason == "end_turn" and answer.usage.input_tokens > 0


@suite.for_each_model
def streamed(model):
    text, message = stream(model, "Hello")
    whole(text, model)
    assert message.content[0].text == text and message.stop_reason == "end_turn" and message.usage.output_tokens > 0
    text = ""
    for event in ask(model, "Hello", stream=True):
        text += event.delta.text if event.type == "content_block_delta" else ""
    whole(text, model)


@suite.for_each_model
def tools(model):
    answer = ask(model, "Weather?", tools=TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert answer.stop_reason == "tool_use"
    cities(call.input for call in calls)
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "sun"} for call in calls]
    history = user("Weather?") + [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    again = client.messages.create(model=model, max_tokens=100, messages=history, tools=TOOLS)
    assert again.content[0].text.startswith(said(model))
    cities(block.input for block in stream(model, "Weather?", tools=TOOLS)[1].content if block.type == "tool_use")


@suite.for_each_model
def image(model):
    source = {"type": "base64", "media_type": "image/png", "data": PIXEL}
    answer = ask(model, [{"type": "text", "text": "What is it?"}, {"type": "image", "source": source}])
    assert "I see 1 image(s)." in answer.content[0].text


@suite.for_each_model
def parsed(model):
    answer = client.messages.parse(model=model, max_tokens=100, messages=user("Who?"), output_format=Person)
    assert answer.parsed_output == ADA


@suite.for_each_model
def beta_with_cache_marks(model):
    system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
    answer = client.beta.messages.create(model=model, max_tokens=100, messages=user("Hello"), system=system,
                                         betas=["prompt-caching-2024-07-31"])
    whole(answer.content[0].text, model)


@suite.for_each_model
def errors(model):
    for name, status in ERRORS.items():
        for run in (lambda: ask(model, f"#error:{name}"), lambda: stream(model, f"#error:{name}")):
            assert failure(run, anthropic.APIStatusError).status_code == status
    failure(lambda: ask(model, "#error:rate_limited"), anthropic.RateLimitError)
    failure(lambda: stream(model, "#cut"), anthropic.APIError)


@suite.for_each_model
def counts(model):
    count = lambda: client.messages.count_tokens(model=model, messages=user("Hello")).input_tokens
    if model.startswith("openai/"):
        failure(count, anthropic.BadRequestError)  # chat completions have no such thing
    else:
        assert count() > 0


@suite.test("models, and a token instead of a key")
def models():
    assert set(MODELS) <= {model.id for model in client.models.list()}
    bearer = anthropic.Anthropic(base_url=GATEWAY, auth_token=KEY, api_key=None, max_retries=0)
    whole(bearer.messages.create(model=MODELS[1], max_tokens=10, messages=user("Hello")).content[0].text, MODELS[1])
