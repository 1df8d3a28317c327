"""What a training file may hold, and what becomes of its texts."""

import json
from pathlib import Path

import pytest
from workbench import BASE, Workbench, jsonl, rows

from student_server.models.build_base import build_base
from student_server.models.text import ModelText
from student_server.training.encode import encode_examples
from student_server.training.examples import InvalidTrainingFile, read_examples
from student_server.training.recipe import Recipe
from student_server.training.rows import make_rows


def test_messages_that_the_chat_template_refuses_are_told(bench: Workbench) -> None:
    base = build_base(bench.home.bases, BASE)
    config = json.loads((base / "tokenizer_config.json").read_text())
    config["chat_template"] = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}x"
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    system = {"role": "system", "content": "s"}
    with Workbench(bench.home.root.parent / "other", (f"--base=mine={base}",), bases=()) as other:
        for path, more in (("/v1/chat/completions", {"max_tokens": 1}), ("/tokenize", {})):
            refused = other.client.post(path, json={"model": "mine", "messages": [system], **more})
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")
            assert "no system" in refused.json()["error"]["message"]
        asked = [{"messages": [system, *row["messages"]]} for row in rows(2)]
        created = other.create(jsonl(asked), model="mine", hyperparameters={"template": "chat"}).json()
        failed = other.train(created["id"])["error"]
        assert (failed["code"], "no system" in failed["message"]) == ("invalid_training_file", True)


def test_an_answer_to_nothing_is_learned_from_its_first_token(tmp_path: Path) -> None:
    """A tokenizer that starts texts with nothing, and a prompt without text."""
    base = build_base(tmp_path, BASE)
    tokenizer = json.loads((base / "tokenizer.json").read_text())
    tokenizer["post_processor"] = None
    (base / "tokenizer.json").write_text(json.dumps(tokenizer))
    text = ModelText(str(base))
    row = {"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "yes"}]}
    (tmp_path / "t.jsonl").write_bytes(jsonl([row]))
    assert text.encode("", start=True) == []
    (encoded,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe())
    assert (encoded.ids[0], encoded.learned_from) == (text.eos, 1)
    made = make_rows([encoded], [(0,)], packed=False)
    assert made.keep[made.column].tolist() == [0, 1, 2, 3]
    assert made.targets.tolist() == [*text.encode("yes", start=False), text.eos]


def test_every_bad_line_is_named_before_training(bench: Workbench) -> None:
    content = b'{"messages": 3}\nno json\n\n{"messages": [%b, %b]}\n' % ((b'{"role": "user", "content": "a"}',) * 2)
    half = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\ud800"}]}
    content += json.dumps(half).encode()
    job = bench.create(content).json()["id"]
    bench.services.supervisor._validate(bench.services.jobs.get(job))
    failed = bench.job(job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "invalid_training_file")
    for part in ("line 1: messages", "line 2: not JSON", "line 4: the last message must be the assistant's"):
        assert part in failed["error"]["message"]
    assert "line 5: messages.1.content: half of a surrogate pair" in failed["error"]["message"]


def test_a_file_without_examples_is_no_training_file(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n\n")
    with pytest.raises(InvalidTrainingFile, match="no example"):
        read_examples(tmp_path / "empty")


def test_a_long_prompt_loses_its_middle_and_the_answer_stays(tmp_path: Path) -> None:
    text = ModelText(str(build_base(tmp_path, BASE)))
    row = {"messages": [{"role": "user", "content": "A" + "x" * 500 + "Z"}, {"role": "assistant", "content": "yes"}]}
    (tmp_path / "t.jsonl").write_bytes(jsonl([row]))
    (encoded,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe(max_tokens=64))
    written = "".join(text.pieces(encoded.ids))
    assert (len(encoded.ids), encoded.cut) == (64, True)
    assert written.startswith("Ax")
    assert written.endswith("xZyes")
    (full,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe(max_tokens=64, loss="full"))
    assert (full.learned_from, encoded.learned_from) == (1, 60)
