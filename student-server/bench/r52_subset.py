"""
Twelve topics of R52 in a size for a student of 0.7 million parameters: `python3 r52_subset.py R52_FOLDER OUT_FOLDER`.

Chosen before the first run, by counts alone: the two large topics, four of the middle, and six of the tail of which the
recorded teacher has synthetic rows and the test has at least nine.
"""

import json
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

TOPICS = ["earn", "acq", "trade", "crude", "sugar", "coffee", "cocoa", "copper", "alum", "jobs", "cotton", "bop"]
# Stories lead with what they are about; what follows is longer than a tiny model has use for.
CHARACTERS = 240
# Most rows of a topic: the pool stays long-tailed (80 to 1), and scoring takes seconds.
MOST = {"pool": 1200, "validation": 15, "test": 40}
SEED = 20261127


def main(source: Path, target: Path) -> None:
    taught = {row["id"] for row in read(source / "teacher.jsonl")}
    train = [shorten(row) for row in read(source / "train.jsonl") if row["answer"] in TOPICS]
    pool = capped([row for row in train if row["id"] in taught], "pool")
    validation = capped([row for row in train if row["id"] not in taught], "validation")
    test = capped([shorten(row) for row in read(source / "test.jsonl") if row["answer"] in TOPICS], "test")
    kept = {row["id"] for row in pool}
    write(target / "train.jsonl", pool)
    write(target / "validation.jsonl", validation)
    write(target / "test.jsonl", test)
    write(target / "teacher.jsonl", [row for row in read(source / "teacher.jsonl") if row["id"] in kept])
    write(
        target / "synthetic.jsonl",
        [shorten(row) for row in read(source / "synthetic.jsonl") if row["domain"] in TOPICS],
    )
    (target / "meta.json").write_bytes((source / "meta.json").read_bytes())
    print(f"{len(pool)} pool, {len(validation)} validation, {len(test)} test rows in {target}")


def capped(rows: list[dict[str, Any]], split: str) -> list[dict[str, Any]]:
    """Seeded, and in the order of the source."""
    by_topic: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        by_topic[row["answer"]].append(row["id"])
    draw = random.Random(f"{SEED}/{split}")
    kept = {chosen for ids in by_topic.values() for chosen in draw.sample(ids, min(len(ids), MOST[split]))}
    return [row for row in rows if row["id"] in kept]


def shorten(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "input": row["input"][:CHARACTERS].strip()}


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def write(path: Path, rows: list[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
