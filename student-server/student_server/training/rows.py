"""Encoded examples as the tensors of one forward pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .batches import Unit
from .encode import Encoded


@dataclass(frozen=True)
class Rows:
    ids: torch.Tensor
    """Padded on the right: a causal model never looks there, so no mask is needed."""
    positions: torch.Tensor | None
    """Where packed examples start anew; None: one example a row."""
    keep: torch.Tensor
    """Columns whose predictions are needed by any row."""
    row: torch.Tensor
    column: torch.Tensor
    """Within `keep`: where each learned token is predicted."""
    targets: torch.Tensor
    tokens: int

    def to(self, device: str) -> "Rows":
        def move(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.to(device, non_blocking=True)

        positions = None if self.positions is None else move(self.positions)
        return Rows(
            move(self.ids),
            positions,
            move(self.keep),
            move(self.row),
            move(self.column),
            move(self.targets),
            self.tokens,
        )


def learned_tokens(examples: Sequence[Encoded], units: Sequence[Unit]) -> int:
    return sum(len(examples[index].ids) - examples[index].learned_from for unit in units for index in unit)


def make_rows(examples: Sequence[Encoded], units: Sequence[Unit], *, packed: bool) -> Rows:
    longest = max(sum(len(examples[index].ids) for index in unit) for unit in units)
    ids = torch.zeros(len(units), longest, dtype=torch.long)
    positions = torch.zeros_like(ids) if packed else None
    learned: list[tuple[int, int, int]] = []
    tokens = 0
    for row, unit in enumerate(units):
        at = 0
        for index in unit:
            example = examples[index]
            length = len(example.ids)
            ids[row, at : at + length] = torch.tensor(example.ids)
            if positions is not None:
                positions[row, at : at + length] = torch.arange(length)
            # A token is predicted one column before it stands.
            learned += [(row, at + n - 1, example.ids[n]) for n in range(example.learned_from, length)]
            at += length
        if positions is not None and at < longest:
            # The padding is an example of its own.
            positions[row, at:] = torch.arange(longest - at)
        tokens += at
    row_of, column_of, targets = (torch.tensor(part) for part in zip(*learned, strict=True))
    keep, column = torch.unique(column_of, return_inverse=True)
    return Rows(ids, positions, keep, row_of, column, targets, tokens)
