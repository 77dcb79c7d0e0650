"""The talk of scripts/greeting.yaml through the SDK of chat completions. Prints what was heard as one JSON object."""

import json
import sys

import openai

MODEL = "claude-standin"
address = f"{sys.argv[1]}/v1"
client = openai.OpenAI(base_url=address, api_key="standin-key", max_retries=0)
parameters = {"type": "object", "properties": {"place": {"type": "string"}, "days": {"type": "integer"}}}
tools = [
    {
        "type": "function",
        "function": {"name": "forecast", "description": "The weather of the next days.", "parameters": parameters},
    }
]
messages = [{"role": "system", "content": "Be exact."}, {"role": "user", "content": "What will the weather be?"}]


def streamed(**more):
    """The words, the calls, why it stopped, and what it cost where that was asked for."""
    words, calls, stop, usage = [], {}, None, None
    for piece in client.chat.completions.create(
        model=MODEL, max_tokens=100, tools=tools, messages=messages, stream=True, **more
    ):
        usage = piece.usage or usage
        for choice in piece.choices:
            stop = choice.finish_reason or stop
            if choice.delta.content:
                words.append(choice.delta.content)
            for call in choice.delta.tool_calls or []:
                kept = calls.setdefault(call.index, {"id": call.id, "name": call.function.name, "arguments": ""})
                kept["arguments"] += call.function.arguments
    return words, calls, stop, usage


def refused(ask):
    try:
        ask()
    except openai.APIStatusError as error:
        return error
    return None


deltas, calls, first_stop, _ = streamed()
call = calls[0]
messages += [
    {
        "role": "assistant",
        "content": "".join(deltas),
        "tool_calls": [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
        ],
    },
    {"role": "tool", "tool_call_id": call["id"], "content": json.dumps({"sky": "clear", "high": 21})},
]
second, _, second_stop, usage = streamed(stream_options={"include_usage": True})
whole = client.chat.completions.create(model=MODEL, max_tokens=100, tools=tools, messages=messages)
_, _, _, not_asked_for = streamed()

asked = messages[:2]
other_model = refused(lambda: client.chat.completions.create(model="claude-other", messages=asked))
stranger = openai.OpenAI(base_url=address, api_key="another-key", max_retries=0)
other_key = refused(lambda: stranger.chat.completions.create(model=MODEL, messages=asked))
other_field = refused(lambda: client.chat.completions.create(model=MODEL, messages=asked, extra_body={"top_k": 1}))
result = {"role": "tool", "tool_call_id": "call_0", "content": "clear"}
said = {"role": "assistant", "content": "Hello."}
no_call = refused(lambda: client.chat.completions.create(model=MODEL, messages=[*asked, said, result]))

print(
    json.dumps(
        {
            "deltas": deltas,
            "stop": [first_stop, second_stop, whole.choices[0].finish_reason],
            "call": {"name": call["name"], "input": json.loads(call["arguments"])},
            "second": "".join(second),
            "whole": whole.choices[0].message.content,
            "usage": {
                "prompt": usage.prompt_tokens,
                "completion": usage.completion_tokens,
                "cached": usage.prompt_tokens_details.cached_tokens,
            },
            "not asked for": not_asked_for,
            "refusals": {
                "model": [other_model.status_code, other_model.body["type"]],
                "key": [other_key.status_code, other_key.body["type"]],
                "field": [other_field.status_code, other_field.body["message"]],
                "result": [no_call.status_code, no_call.body["message"]],
            },
        }
    )
)
