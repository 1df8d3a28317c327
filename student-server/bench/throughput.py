"""
Generation, scoring and training against a bare transformers loop on the same machine, in one run:
`python bench/throughput.py [--base tiny-llama:small] [--rows 96] [--threads 2]`.

Prompts are of 60 to 160 tokens and answers of 64, so that both sides do the same work. Rows a second over HTTP at 1, 8
and 32 requests in flight, each with one prompt; the bare loop takes the same rows in batches of 32. Ratios under the
issue's marks (0.8 at 32 in flight, 0.9 for training) are printed as they are.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "0")
PACKAGE = Path(__file__).parents[1]
sys.path.insert(0, str(PACKAGE))

import torch
from load import post_all
from transformers import AutoModelForCausalLM

from student_server.models.build_base import build_base
from student_server.models.text import ModelText
from student_server.training.checkpoint import Progress
from student_server.training.encode import Encoded
from student_server.training.loop import Loop
from student_server.training.plan import TrainingPlan
from student_server.training.recipe import TINY_PRESETS

ANSWER = 64


def main() -> None:
    parse = argparse.ArgumentParser()
    parse.add_argument("--base", default="tiny-llama:small")
    parse.add_argument("--rows", type=int, default=96)
    parse.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    given = parse.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        words = ["--home", folder, "--base", given.base, "--serving-threads", str(given.threads)]
        server = subprocess.Popen(
            [sys.executable, "-m", "student_server", *words], cwd=PACKAGE, stdout=subprocess.PIPE, text=True
        )
        assert server.stdout is not None
        url = server.stdout.readline().split()[-1] + "/completions"
        try:
            measure(Path(folder), url, given.base, given.rows, given.threads)
        finally:
            server.terminate()
            server.wait()


def measure(home: Path, url: str, base: str, rows: int, threads: int) -> None:
    source = str(build_base(home / "bases", base))
    model = AutoModelForCausalLM.from_pretrained(source).eval()
    # A model of random weights may end an answer at once: then there would be nothing to measure.
    model.generation_config.eos_token_id = None
    prompts = random_prompts(rows, ModelText(source).vocabulary)
    torch.set_num_threads(threads)
    ask = partial(post_all, url)
    compare("generation", prompts, partial(bare_generate, model), ask, bodies(base, prompts, max_tokens=ANSWER))
    asked = bodies(base, prompts, max_tokens=0, echo=True, logprobs=0)
    compare("scoring", prompts, partial(bare_score, model), ask, asked)
    trained(source, prompts)


Prompts = list[list[int]]


def compare(
    name: str,
    prompts: Prompts,
    bare: Callable[[Prompts], None],
    ours: Callable[[list[bytes], int], None],
    asked: list[bytes],
) -> None:
    few = asked[: len(asked) // 4]
    best: dict[int, float] = {}
    # Taking turns, the best of three: what else the machine does meets all of them.
    for _ in range(3):
        batches = [prompts[at : at + 32] for at in range(0, len(prompts), 32)]
        keep_best(best, 0, rate(prompts, lambda batches=batches: [bare(batch) for batch in batches]))
        for in_flight in (1, 8, 32):
            shown = asked if in_flight > 1 else few
            keep_best(best, in_flight, rate(shown, partial(ours, shown, in_flight)))
    print(f"{name}: bare loop {best[0]:.1f} rows/s")
    for in_flight in (1, 8, 32):
        ratio = best[in_flight] / best[0]
        print(f"{name}: {in_flight:2} in flight {best[in_flight]:.1f} rows/s, {ratio:.2f} of the bare loop", flush=True)


def keep_best(best: dict[int, float], key: int, value: float) -> None:
    best[key] = max(value, best.get(key, 0))


def random_prompts(count: int, vocabulary: int) -> Prompts:
    draw = random.Random(1)
    return [[draw.randrange(3, vocabulary) for _ in range(draw.randint(60, 160))] for _ in range(count)]


def rate(rows: list[Any], work: Callable[[], Any]) -> float:
    """Rows a second."""
    started = time.perf_counter()
    work()
    return len(rows) / (time.perf_counter() - started)


def bodies(model: str, prompts: Prompts, **more: Any) -> list[bytes]:
    return [json.dumps({"model": model, "prompt": prompt, "temperature": 0, **more}).encode() for prompt in prompts]


@torch.inference_mode()
def bare_generate(model: Any, prompts: Prompts) -> None:
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(prompt)) + prompt for prompt in prompts])
    mask = torch.tensor([[0] * (longest - len(prompt)) + [1] * len(prompt) for prompt in prompts])
    model.generate(input_ids=ids, attention_mask=mask, max_new_tokens=ANSWER, do_sample=False, pad_token_id=2)


@torch.inference_mode()
def bare_score(model: Any, prompts: Prompts) -> None:
    longest = max(map(len, prompts))
    ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts])
    logprobs = model(input_ids=ids, use_cache=False).logits[:, :-1].float().log_softmax(-1)
    logprobs.gather(2, ids[:, 1:, None])[..., 0].tolist()


def trained(source: str, prompts: Prompts) -> None:
    examples = [Encoded((*prompt, *prompt[:ANSWER]), len(prompt), False) for prompt in prompts]
    plan = TrainingPlan(
        base="bench",
        source=source,
        start=None,
        recipe=TINY_PRESETS["full"],
        epochs=3,
        batch_size=16,
        learning_rate=1e-3,
        seed=0,
        suffix="",
    )
    ours = Loop(AutoModelForCausalLM.from_pretrained(source).train(), plan, examples, "cpu")
    progress = Progress()
    started = time.perf_counter()
    while progress.step < ours.total_steps:
        ours.step(progress)
    served = progress.tokens / (time.perf_counter() - started)

    model = AutoModelForCausalLM.from_pretrained(source).train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    tokens = 0
    started = time.perf_counter()
    for epoch in range(plan.epochs):
        for batch in ours.batches.epoch(epoch):
            rows = [examples[unit[0]] for unit in batch]
            longest = max(len(row.ids) for row in rows)
            ids = torch.tensor([[*row.ids, *[0] * (longest - len(row.ids))] for row in rows])
            labels = torch.tensor(
                [
                    [-100] * row.learned_from + [*row.ids[row.learned_from :]] + [-100] * (longest - len(row.ids))
                    for row in rows
                ]
            )
            model(input_ids=ids, labels=labels, use_cache=False).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            tokens += sum(len(row.ids) for row in rows)
    bare = tokens / (time.perf_counter() - started)
    print(f"training: bare loop {bare:.0f} tokens/s, ours {served:.0f} tokens/s, {served / bare:.2f} of it")


if __name__ == "__main__":
    main()
