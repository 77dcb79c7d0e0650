"""The talk of scripts/greeting.yaml through the official SDK. Prints what was heard as one JSON object."""

import json
import sys

import anthropic

client = anthropic.Anthropic(base_url=sys.argv[1], api_key="standin-key", max_retries=0)
tools = [
    {
        "name": "forecast",
        "description": "The weather of the next days.",
        "input_schema": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "days": {"type": "integer"}},
        },
    }
]
messages = [{"role": "user", "content": "What will the weather be?"}]


def streamed():
    deltas, kinds = [], []
    with client.messages.stream(
        model="claude-standin", max_tokens=100, tools=tools, messages=messages
    ) as stream:
        for event in stream:
            kinds.append(event.type)
            if event.type == "text":
                deltas.append(event.text)
        return stream.get_final_message(), deltas, kinds


first, deltas, kinds = streamed()
call = first.content[1]
messages += [
    {"role": "assistant", "content": first.content},
    {
        "role": "user",
        "content": [
            {
                "type": "tool_result",
                "tool_use_id": call.id,
                "content": json.dumps({"sky": "clear", "high": 21}),
            }
        ],
    },
]
second, second_deltas, _ = streamed()
whole = client.messages.create(model="claude-standin", max_tokens=100, tools=tools, messages=messages)

try:
    client.messages.create(model="claude-other", max_tokens=1, messages=messages[:1])
    refusal = "none"
except anthropic.NotFoundError as error:
    refusal = error.body["error"]["type"]

print(
    json.dumps(
        {
            "deltas": deltas,
            "kinds": sorted(set(kinds)),
            "stop": [first.stop_reason, second.stop_reason],
            "call": {"name": call.name, "input": call.input},
            "second": "".join(second_deltas),
            "whole": whole.content[0].text,
            "usage": second.usage.model_dump(include={"input_tokens", "output_tokens", "cache_read_input_tokens"}),
            "models": [model.id for model in client.models.list()],
            "counted": client.messages.count_tokens(model="claude-standin", messages=messages[:1]).input_tokens > 0,
            "refusal": refusal,
        }
    )
)
