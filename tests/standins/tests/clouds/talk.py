"""The talk of scripts/greeting.yaml, and the faults of a script, through a client of the model's SDK."""

import json

import anthropic
import httpx2

import words
from words import ASK, RESULT, TOOLS

def answered(content):
    """The talk with the result of the tool that the first answer calls."""
    result = {"type": "tool_result", "tool_use_id": content[-1].id, "content": RESULT}
    return ASK + [{"role": "assistant", "content": content}, {"role": "user", "content": [result]}]


def greeting(client, model):
    """Both answers in a stream, and the second one whole."""

    def streamed(messages):
        deltas = []
        with client.messages.stream(model=model, max_tokens=100, tools=TOOLS, messages=messages) as stream:
            for event in stream:
                if event.type == "text":
                    deltas.append(event.text)
            return stream.get_final_message(), deltas

    first, deltas = streamed(ASK)
    call = first.content[-1]
    second, second_deltas = streamed(answered(first.content))
    whole = client.messages.create(model=model, max_tokens=100, tools=TOOLS, messages=answered(first.content))
    usage = second.usage
    return {
        "deltas": deltas,
        "stop": [first.stop_reason, second.stop_reason, whole.stop_reason],
        "call": {"name": call.name, "input": call.input},
        "second": "".join(second_deltas),
        "whole": whole.content[0].text,
        "usage": [usage.input_tokens, usage.output_tokens, usage.cache_read_input_tokens],
    }


def refusal(call):
    """The status of a call, and the name of its error."""
    try:
        call()
        return [200, ""]
    except anthropic.APIStatusError as error:
        body = error.body[0] if isinstance(error.body, list) else error.body
        said = body.get("error", body)
        return [error.status_code, said.get("type") or said.get("status") or said.get("code") or said.get("message")]


def faults(client, model, tries):
    """What becomes of each try. Only the one that waits for nothing is given up early."""
    waits = [words.PATIENCE if at == words.SILENT else 60 for at in range(tries)]
    return [fault(client, model, wait) for wait in waits] + [whole(client, model)]


def fault(client, model, wait):
    heard = ""
    try:
        with client.messages.stream(model=model, max_tokens=10, messages=ASK, timeout=wait) as stream:
            for event in stream:
                if event.type == "text":
                    heard += event.text
                if event.type == "message_stop":
                    return heard
        return f"ended after {heard}"
    except anthropic.RateLimitError as error:
        return f"{error.status_code} retry-after {error.response.headers['retry-after']}"
    except anthropic.APIStatusError as error:
        return f"{error.body['error']['type']} after {heard}"
    except (httpx2.ReadTimeout, anthropic.APITimeoutError):
        return f"silence after {heard}"
    except (httpx2.RemoteProtocolError, anthropic.APIConnectionError):
        return f"cut after {heard}"
    except Exception as error:
        return f"{type(error).__name__} after {heard}"


def whole(client, model):
    """An answer that comes whole although a stream was asked for."""
    asked = client.messages.with_streaming_response.create(model=model, max_tokens=10, messages=ASK, stream=True)
    with asked as response:
        return json.loads(response.read())["content"][0]["text"]
