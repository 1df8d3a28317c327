"""Checkpoints: weights, optimizer and random state of one step, written atomically."""

import json
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file

from ..durable import bytes_in, file_at_once, folder_at_once, sweep


@dataclass
class Progress:
    """All that training must remember beside tensors; what follows from step and seed is not in it."""

    step: int = 0
    tokens: int = 0
    train_loss: float | None = None
    valid_loss: float | None = None
    best_valid_loss: float | None = None
    worse_epochs: int = 0
    losses: list[float] = field(default_factory=list)
    """Of the steps since the last reported one."""


# Beside tensors: names, the state of random numbers, progress.
_SMALL_THINGS = 1 << 20


def trainable(model: Any) -> dict[str, torch.nn.Parameter]:
    return {name: parameter for name, parameter in model.named_parameters() if parameter.requires_grad}


class Checkpoints:
    def __init__(self, folder: Path, budget: int) -> None:
        self._folder = folder
        self._budget = budget
        self._best = folder / "best.safetensors"
        folder.mkdir(parents=True, exist_ok=True)
        sweep(folder)

    def save(self, model: Any, optimizer: torch.optim.Optimizer, progress: Progress) -> str | None:
        """Gives a sentence where there is no room for it: training goes on, and would be resumed from further back."""
        weights = trainable(model)
        # The weights, and two numbers of the optimizer for each of theirs.
        trouble = self._no_room(3 * _bytes_of(weights) + _SMALL_THINGS, self._newest_first())
        if trouble is not None:
            return f"No checkpoint: {trouble}"
        with folder_at_once(self._folder / f"step-{progress.step:08d}") as scratch:
            save_file({name: _plain(tensor) for name, tensor in weights.items()}, scratch / "weights.safetensors")
            save_file(dict(_optimizer_tensors(optimizer, weights)), scratch / "optimizer.safetensors")
            save_file(_random_state(), scratch / "random.safetensors")
            (scratch / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")
        for older in self._newest_first()[1:]:
            shutil.rmtree(older, ignore_errors=True)
        return None

    def restore(self, model: Any, optimizer: torch.optim.Optimizer) -> Progress | None:
        """The newest checkpoint that can be read; None where there is none."""
        for folder in self._newest_first():
            try:
                progress = Progress(**json.loads((folder / "progress.json").read_text(encoding="utf-8")))
                state = load_file(folder / "optimizer.safetensors")
                random = load_file(folder / "random.safetensors")
                load_weights(model, folder / "weights.safetensors")
            except (OSError, ValueError, TypeError, SafetensorError):
                # A disk that lost power may hold names without contents. The one before it is as good.
                shutil.rmtree(folder, ignore_errors=True)
                continue
            _restore_optimizer(optimizer, trainable(model), state)
            _restore_random_state(random)
            return progress
        return None

    def save_best(self, model: Any, valid_loss: float) -> str | None:
        """As `save`. Where there is no room, the best ones before these stay."""
        weights = trainable(model)
        trouble = self._no_room(_bytes_of(weights) + _SMALL_THINGS, [self._best])
        if trouble is not None:
            return f"The weights of the best epoch are not kept: {trouble}"
        with file_at_once(self._best) as scratch:
            # In the file itself: what is kept may be older, or newer, than the checkpoint training goes on from.
            stored = {"valid_loss": repr(valid_loss)}
            save_file({name: _plain(tensor) for name, tensor in weights.items()}, scratch, metadata=stored)
        return None

    def best_valid_loss(self) -> float | None:
        """Of the weights that `load_best` would load; None where there are none."""
        try:
            with safe_open(self._best, "pt") as kept:
                return float(kept.metadata()["valid_loss"])
        except (FileNotFoundError, SafetensorError):
            # None was kept, or a disk that lost power holds a name without contents.
            return None

    def load_best(self, model: Any) -> None:
        load_weights(model, self._best)

    def _newest_first(self) -> list[Path]:
        return sorted(self._folder.glob("step-*"), reverse=True)

    def _no_room(self, expected: int, replaced: Iterable[Path]) -> str | None:
        """The budget is for what stays, the free space also for the moment in which old and new are both there."""
        # Of all jobs: the folder of this one is <jobs>/<job>/checkpoints.
        stays = bytes_in(self._folder.parent.parent) - sum(bytes_in(path) for path in replaced)
        if stays + expected > self._budget:
            return f"{stays + expected} bytes would pass the disk budget of {self._budget}."
        free = shutil.disk_usage(self._folder).free
        return f"{free} bytes are free, {expected} are needed." if free < 2 * expected else None


def load_weights(model: Any, path: Path) -> None:
    weights = trainable(model)
    loaded = load_file(path)
    if loaded.keys() != weights.keys():
        raise ValueError(f"{path} holds other weights than the model trains.")
    with torch.no_grad():
        for name, tensor in loaded.items():
            weights[name].copy_(tensor)


def _bytes_of(weights: dict[str, torch.nn.Parameter]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in weights.values())


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().cpu().contiguous()


def _optimizer_tensors(
    optimizer: torch.optim.Optimizer, weights: dict[str, torch.nn.Parameter]
) -> Iterator[tuple[str, torch.Tensor]]:
    for name, parameter in weights.items():
        for key, value in optimizer.state.get(parameter, {}).items():
            yield f"{key}/{name}", _plain(value)


def _restore_optimizer(
    optimizer: torch.optim.Optimizer, weights: dict[str, torch.nn.Parameter], tensors: dict[str, torch.Tensor]
) -> None:
    for label, tensor in tensors.items():
        key, _, name = label.partition("/")
        # AdamW keeps its step count where it made it: on the CPU unless it is fused.
        device = tensor.device if key == "step" and not optimizer.defaults.get("fused") else weights[name].device
        optimizer.state[weights[name]][key] = tensor.to(device)


def _random_state() -> dict[str, torch.Tensor]:
    state = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        state |= {f"cuda-{n}": tensor for n, tensor in enumerate(torch.cuda.get_rng_state_all())}
    return state


def _restore_random_state(state: dict[str, torch.Tensor]) -> None:
    torch.set_rng_state(state["cpu"])
    # Of as many GPUs as there are now: the machine may have had others.
    for number in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        if (known := state.get(f"cuda-{number}")) is not None:
            torch.cuda.set_rng_state(known, number)
