"""Chat completions, as the SDKs of OpenAI, Groq and Together have them alike."""
import json

from check import ERRORS, IMAGE, KEY, MODELS, PARAMETERS, Suite, cities, failure, said, user, whole

TOOLS = [{"type": "function", "function": {"name": "weather", "description": "of a city", "parameters": PARAMETERS}}]


def add_chat(suite: Suite, client):
    chat = client.chat.completions

    @suite.for_each_model
    def plain(model):
        answer = chat.create(model=model, messages=user("Hello"), max_tokens=100)
        whole(answer.choices[0].message.content, model)
        assert answer.choices[0].finish_reason == "stop" and answer.usage.prompt_tokens > 0

    @suite.for_each_model
    def streamed(model):
        text, ends = "", []
        for chunk in chat.create(model=model, messages=user("Hello"), stream=True):
            if chunk.choices:
                text += chunk.choices[0].delta.content or ""
                ends += [chunk.choices[0].finish_reason] if chunk.choices[0].finish_reason else []
        whole(text, model)
        assert ends == ["stop"]

    @suite.for_each_model
    def tool_calls_and_their_results(model):
        messages = user("Weather?")
        first = chat.create(model=model, messages=messages, tools=TOOLS, tool_choice="required").choices[0]
        assert first.finish_reason == "tool_calls"
        cities(call.function.arguments for call in first.message.tool_calls)
        messages.append(first.message.model_dump(exclude_none=True))
        messages += [{"role": "tool", "tool_call_id": call.id, "content": "sun"} for call in first.message.tool_calls]
        assert chat.create(model=model, messages=messages, tools=TOOLS).choices[0].message.content.startswith(said(model))

    @suite.for_each_model
    def streamed_tool_calls(model):
        calls = {}
        for chunk in chat.create(model=model, messages=user("Weather?"), tools=TOOLS, stream=True):
            for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
                calls[call.index] = calls.get(call.index, "") + (call.function.arguments or "")
        cities(calls.values())

    @suite.for_each_model
    def image(model):
        content = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": IMAGE}}]
        assert "I see 1 image(s)." in chat.create(model=model, messages=user(content)).choices[0].message.content

    @suite.for_each_model
    def structured_output(model):
        form = {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": PARAMETERS}}
        answer = chat.create(model=model, messages=user("Who?"), response_format=form)
        assert json.loads(answer.choices[0].message.content) == {"name": "Ada", "age": 36}

    @suite.for_each_model
    def cut_in_the_middle(model):
        ends = []

        def read():
            for chunk in chat.create(model=model, messages=user("#cut"), stream=True):
                ends.extend(choice.finish_reason for choice in chunk.choices)
        failure(read)
        assert not any(ends)

    @suite.for_each_model
    def left_in_the_middle(model):
        stream = chat.create(model=model, messages=user("#slow"), stream=True)
        next(iter(stream))
        getattr(stream, "close", getattr(stream, "response", None) and stream.response.close)()
        whole(chat.create(model=model, messages=user("Hello")).choices[0].message.content, model)

    for model in MODELS:
        for name, status in ERRORS.items():
            for stream in (False, True):
                @suite.test("error", model, name, stream)
                def error(model, name, stream):
                    told = failure(lambda: chat.create(model=model, messages=user(f"#error:{name}"), stream=stream))
                    assert told.status_code == ERRORS[name], repr(told)
                    assert KEY not in str(told)

    @suite.test("embeddings")
    def embeddings():
        answer = client.embeddings.create(model="simulated-embedding", input=["abc", "de"])
        assert list(answer.data[0].embedding) == [3, 0.5, -1]
