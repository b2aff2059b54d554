"""What the scripts of all Python SDKs have in common: where the gateway is, what is asked, and how it is judged."""
import concurrent.futures
import json
import os
import traceback

from pydantic import BaseModel

GATEWAY = os.environ["GATEWAY_URL"]
KEY = os.environ.get("GATEWAY_KEY", "sk-test")
# A vendor of each kind behind the gateway, whatever the client's dialect.
MODELS = ["openai/simulated-gpt", "anthropic/simulated-claude", "gemini/simulated-gemini"]
# What can be asked to go wrong, and the status that says so.
ERRORS = {"rate_limited": 429, "invalid_request": 400, "auth": 401, "permission": 403, "not_found": 404, "overloaded": 529}
PARAMETERS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
# One red pixel.
PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==")
IMAGE = f"data:image/png;base64,{PIXEL}"


class Person(BaseModel):
    name: str
    age: int


class Weather(BaseModel):
    """of a city"""
    city: str


ADA = Person(name="Ada", age=36)


def user(content):
    return [{"role": "user", "content": content}]


def said(model):
    return f"This is the simulated {model.split('/')[0]}."


def whole(text, model):
    assert text.startswith(said(model)) and text.endswith("sea."), text


def cities(arguments):
    found = sorted((json.loads(one) if isinstance(one, str) else one)["city"] for one in arguments)
    assert found == ["Bonn", "Oslo"], found


def failure(run, kind=Exception):
    """`run` must fail; its error."""
    try:
        run()
    except kind as error:
        return error
    raise AssertionError("no error")


class Suite:
    """The tests of one SDK. They wait for the simulated vendors most of the time, so they run side by side."""

    def __init__(self, sdk):
        self.sdk = sdk
        self.tests = []

    def test(self, name, *arguments):
        """Registers the decorated function, to be called with `arguments`."""
        def register(run):
            self.tests.append((" ".join([*map(str, arguments), name]), run, arguments))
            return run
        return register

    def for_each_model(self, run):
        for model in MODELS:
            self.test(run.__name__, model)(run)
        return run

    def run(self):
        def one(test):
            name, run, arguments = test
            try:
                run(*arguments)
                return True
            except BaseException:
                print(f"  FAILED {name}: {traceback.format_exc(limit=-4)}")
                return False
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            good = list(pool.map(one, self.tests))
        passed, failed = good.count(True), good.count(False)
        print(f"{'FAILED' if failed else 'ok'} Python {self.sdk}: {passed} passed, {failed} failed")
        return failed == 0 and passed > 0
