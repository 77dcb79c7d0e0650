"""What all programs of this folder say, and how they are asked."""

import json
import sys
import traceback

TOOLS = [
    {
        "name": "forecast",
        "description": "The weather of the next days.",
        "input_schema": {
            "type": "object",
            "properties": {"place": {"type": "string"}, "days": {"type": "integer"}},
        },
    }
]
ASK = [{"role": "user", "content": "What will the weather be?"}]
RESULT = json.dumps({"sky": "clear", "high": 21})

# The fault of `faults` after which nothing comes, and the seconds that a library waits for it.
SILENT = 8
PATIENCE = 3


def serve(answers):
    """Answers each line of the input, a name with arguments, by one line of JSON."""
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            heard = {"heard": answers[name](*arguments)}
        except Exception:
            heard = {"raised": traceback.format_exc()}
        print(json.dumps(heard), flush=True)
