"""A training file: OpenAI chat JSONL, one `{"messages": [..., {"role": "assistant"}]}` a line."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

# More of them would not help anybody.
_MOST_PROBLEMS = 10


class InvalidTrainingFile(Exception):
    """The message names every line that is wrong, up to ten of them."""


class Message(BaseModel):
    model_config = ConfigDict(frozen=True)

    role: Literal["system", "developer", "user", "assistant"]
    content: str


class Example(BaseModel):
    model_config = ConfigDict(frozen=True)

    messages: list[Message] = Field(min_length=2)

    @property
    def target(self) -> str:
        return self.messages[-1].content


def read_examples(path: Path) -> list[Example]:
    """All problems together, with line and field. Throws `InvalidTrainingFile`."""
    examples: list[Example] = []
    problems: list[str] = []
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            read = _read_line(line)
            if isinstance(read, Example):
                examples.append(read)
            else:
                problems.append(f"line {number}: {read}")
            if len(problems) == _MOST_PROBLEMS:
                break
    if problems:
        raise InvalidTrainingFile("; ".join(problems))
    if not examples:
        raise InvalidTrainingFile("the file holds no example")
    return examples


def _read_line(line: bytes) -> Example | str:
    try:
        example = Example.model_validate(json.loads(line))
    except UnicodeDecodeError:
        return "not UTF-8"
    except ValidationError as error:
        first = error.errors()[0]
        return f"{'.'.join(str(part) for part in first['loc']) or 'messages'}: {first['msg']}"
    except (ValueError, RecursionError):
        return "not JSON"
    if example.messages[-1].role != "assistant":
        return "the last message must be the assistant's"
    for place, message in enumerate(example.messages):
        try:
            message.content.encode()
        except UnicodeEncodeError:
            # JSON can spell it, and no tokenizer can read it.
            return f"messages.{place}.content: half of a surrogate pair is no text"
    return example
