"""What a server is started with: command line, a settings file for recipes, and secrets from the environment."""

import argparse
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from .bases import Base, read_base
from .devices import find_devices
from .loopback import is_loopback
from .models.blueprints import DEFAULT_BASES
from .training.recipe import Recipe

# Name of the variable whose value every request must carry as a bearer token; unset: none.
KEY_VARIABLE = "STUDENT_SERVER_API_KEY"
MEBIBYTE = 1 << 20


class SettingsError(Exception):
    """Every problem on a line of its own."""


@dataclass(frozen=True)
class Settings:
    home: Path
    host: str
    port: int
    api_key: str | None
    bases: tuple[Base, ...]
    recipes: dict[str, Recipe]
    devices: tuple[str, ...]
    trainer_threads: int
    serving_threads: int
    checkpoint_seconds: float
    checkpoint_budget: int
    max_body: int
    max_file: int
    max_batch: int
    max_waiting: int
    batch_window: float
    loaded_models: int
    vllm: str | None
    vllm_sleeps: bool


def parser() -> argparse.ArgumentParser:
    cores = os.cpu_count() or 1
    parse = argparse.ArgumentParser(
        prog="student_server",
        description="Fine-tunes and serves a student model behind OpenAI's protocol.",
        epilog=f"{KEY_VARIABLE} in the environment: a key that every request must carry.",
        allow_abbrev=False,
    )
    add = parse.add_argument
    add("--home", type=Path, required=True, help="folder for files, jobs and models; one server at a time")
    add("--host", default="127.0.0.1", help="address to listen on; another than loopback needs a key (%(default)s)")
    add("--port", type=int, default=0, help="port to listen on; 0: a free one (%(default)s)")
    add(
        "--base",
        action="append",
        metavar="NAME[=SOURCE]",
        help=f"a base model: a blueprint, a folder, or a name at the hub; may be repeated ({', '.join(DEFAULT_BASES)})",
    )
    add("--recipes", type=Path, metavar="FILE", help="TOML file with a table for each recipe of your own")
    add("--device", action="append", help="where jobs train, one at a time each; may be repeated (every GPU, else cpu)")
    add("--trainer-threads", type=int, default=max(1, cores - 1), help="threads of a trainer (%(default)s)")
    add("--serving-threads", type=int, default=cores, help="threads of generation and scoring (%(default)s)")
    add("--checkpoint-seconds", type=float, default=15.0, help="training a kill may cost (%(default)s)")
    add("--checkpoint-budget", type=int, default=20_480, metavar="MIB", help="disk for checkpoints (%(default)s)")
    add("--max-body", type=int, default=32, metavar="MIB", help="largest request (%(default)s)")
    add("--max-file", type=int, default=512, metavar="MIB", help="largest upload (%(default)s)")
    add("--max-batch", type=int, default=64, help="prompts in one forward pass (%(default)s)")
    add(
        "--max-waiting",
        type=int,
        default=8192,
        help="most prompts that wait; further requests get status 429 (%(default)s)",
    )
    add(
        "--batch-window",
        type=float,
        default=10.0,
        metavar="MS",
        help="how long small requests wait for each other; 0: never, so company changes no number (%(default)s)",
    )
    add("--loaded-models", type=int, default=4, help="models kept in memory (%(default)s)")
    add("--vllm", metavar="URL", help="a vLLM on this machine that generates and scores instead (README)")
    add("--vllm-sleeps", action="store_true", help="it shares a GPU with training: it sleeps while a job trains")
    return parse


def read_settings(words: list[str] | None = None) -> Settings:
    given = parser().parse_args(words)
    problems: list[str] = []
    bases = _bases(given.base or DEFAULT_BASES, problems)
    recipes = {} if given.recipes is None else _recipes(given.recipes, problems)
    api_key = os.environ.get(KEY_VARIABLE) or None
    if api_key is None and not is_loopback(given.host):
        problems.append(f"--host {given.host}: others can reach it, so set {KEY_VARIABLE} to a key of your choice")
    counts = ("trainer_threads", "serving_threads", "max_body", "max_file", "max_batch", "max_waiting", "loaded_models")
    for name in counts:
        if getattr(given, name) < 1:
            problems.append(f"--{name.replace('_', '-')} {getattr(given, name)}: at least 1 is expected")
    if given.vllm is not None and (len(bases) != 1 or bases[0].is_blueprint):
        problems.append("--vllm: exactly one --base is expected, the one vLLM was started with; a tiny Llama has many")
    if problems:
        raise SettingsError("\n".join(problems))
    return Settings(
        home=given.home.expanduser().resolve(),
        host=given.host,
        port=given.port,
        api_key=api_key,
        bases=bases,
        recipes=recipes,
        devices=tuple(given.device or find_devices()),
        trainer_threads=given.trainer_threads,
        serving_threads=given.serving_threads,
        checkpoint_seconds=given.checkpoint_seconds,
        checkpoint_budget=given.checkpoint_budget * MEBIBYTE,
        max_body=given.max_body * MEBIBYTE,
        max_file=given.max_file * MEBIBYTE,
        max_batch=given.max_batch,
        max_waiting=given.max_waiting,
        batch_window=given.batch_window / 1000,
        loaded_models=given.loaded_models,
        vllm=given.vllm,
        vllm_sleeps=given.vllm_sleeps,
    )


def _bases(declared: list[str] | tuple[str, ...], problems: list[str]) -> tuple[Base, ...]:
    bases: list[Base] = []
    for one in declared:
        try:
            bases.append(read_base(one))
        except ValueError as error:
            problems.append(str(error))
    return tuple(bases)


def _recipes(path: Path, problems: list[str]) -> dict[str, Recipe]:
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        problems.append(f"--recipes {path}: {error}")
        return {}
    recipes: dict[str, Recipe] = {}
    for name, table in tables.items():
        try:
            recipes[name] = Recipe.model_validate(table)
        except ValidationError as error:
            for one in error.errors():
                where = ".".join([name, *(str(part) for part in one["loc"])])
                problems.append(f"--recipes {path}: {where}: {one['msg']}, not {one['input']!r}")
    return recipes
