"""Which examples make which step: a function of lengths, seed and epoch, so a resumed job has nothing to remember."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

# Batches' worth of examples that are sorted by length together: less padding, and still a fresh mixture every epoch.
_WINDOW = 16

Unit = tuple[int, ...]
"""Examples that share a row of a batch: one, or with packing several."""


@dataclass(frozen=True)
class Batches:
    units: tuple[Unit, ...]
    lengths: tuple[int, ...]
    """Tokens of each unit."""
    size: int
    seed: int

    @property
    def steps_per_epoch(self) -> int:
        return -(-len(self.units) // self.size)

    def epoch(self, epoch: int) -> list[list[Unit]]:
        draw = random.Random(f"{self.seed}/{epoch}")
        order = list(range(len(self.units)))
        draw.shuffle(order)
        window = _WINDOW * self.size
        batches: list[list[Unit]] = []
        for at in range(0, len(order), window):
            near = sorted(order[at : at + window], key=lambda unit: self.lengths[unit])
            batches += [[self.units[unit] for unit in near[n : n + self.size]] for n in range(0, len(near), self.size)]
        draw.shuffle(batches)
        return batches


def plan_batches(lengths: Sequence[int], size: int, seed: int, packed_to: int | None) -> Batches:
    """`packed_to`: tokens of a block that several examples share; None: every example has its own row."""
    units = [(index,) for index in range(len(lengths))] if packed_to is None else _pack(lengths, packed_to, seed)
    totals = tuple(sum(lengths[index] for index in unit) for unit in units)
    return Batches(tuple(units), totals, size, seed)


def _pack(lengths: Sequence[int], block: int, seed: int) -> list[Unit]:
    """First fit over a shuffled order: within a few percent of full for examples much shorter than a block."""
    order = list(range(len(lengths)))
    random.Random(f"{seed}/packing").shuffle(order)
    blocks: list[list[int]] = []
    room: list[int] = []
    # Blocks before this one are full for all practical purposes; without it, packing would be quadratic.
    first = 0
    for index in order:
        place = next((n for n in range(first, len(blocks)) if room[n] >= lengths[index]), None)
        if place is None:
            blocks.append([])
            room.append(block)
            place = len(blocks) - 1
            first = max(first, len(blocks) - 64)
        blocks[place].append(index)
        room[place] -= lengths[index]
    return [tuple(block) for block in blocks]
