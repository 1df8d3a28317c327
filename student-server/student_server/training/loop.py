"""Steps over batches. What a step does depends on weights, optimizer, random state and its number, and nothing else."""

import inspect
import math
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch.nn import functional

from .batches import Batches, Unit, plan_batches
from .checkpoint import Progress, trainable
from .encode import Encoded
from .plan import TrainingPlan
from .rows import Rows, learned_tokens, make_rows
from .schedule import rate_factor
from .student import uses_bf16

# Examples of the validation file in one forward pass, where the recipe's micro-batch is not smaller.
_VALIDATION_BATCH = 16


@dataclass
class Loop:
    model: Any
    plan: TrainingPlan
    examples: Sequence[Encoded]
    device: str
    batches: Batches = field(init=False)
    optimizer: torch.optim.AdamW = field(init=False)

    def __post_init__(self) -> None:
        recipe, plan = self.plan.recipe, self.plan
        lengths = [len(example.ids) for example in self.examples]
        self.batches = plan_batches(lengths, plan.batch_size, plan.seed, recipe.max_tokens if recipe.packing else None)
        self.optimizer = torch.optim.AdamW(
            trainable(self.model).values(),
            lr=plan.learning_rate,
            betas=(0.9, 0.98),
            weight_decay=recipe.weight_decay,
            fused=True,
        )
        base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        self._keeps = "logits_to_keep" in inspect.signature(base.forward).parameters

    @property
    def total_steps(self) -> int:
        return self.batches.steps_per_epoch * self.plan.epochs

    def epoch_ends_at(self, step: int) -> bool:
        return step % self.batches.steps_per_epoch == 0

    def step(self, progress: Progress) -> float:
        """Takes one step and gives its mean loss over learned tokens. Throws `FloatingPointError` for no number."""
        recipe = self.plan.recipe
        epoch, index = divmod(progress.step, self.batches.steps_per_epoch)
        units = self._epoch(epoch)[index]
        factor = rate_factor(progress.step, self.total_steps, recipe.schedule, recipe.warmup)
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * factor
        learned = learned_tokens(self.examples, units)
        total = 0.0
        size = recipe.micro_batch or len(units)
        for at in range(0, len(units), size):
            rows = make_rows(self.examples, units[at : at + size], packed=recipe.packing)
            # Divided by the tokens of the whole step: micro-batches change memory, not the result.
            loss = self._loss(rows.to(self.device)) / learned
            torch.autograd.backward(loss)
            total += float(loss.detach())
            progress.tokens += rows.tokens
        if not math.isfinite(total):
            raise FloatingPointError(f"the loss of step {progress.step + 1} is {total}")
        torch.nn.utils.clip_grad_norm_(trainable(self.model).values(), recipe.max_gradient_norm)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        progress.step += 1
        return total

    @torch.no_grad()
    def mean_loss(self, examples: Sequence[Encoded]) -> float:
        """Over the learned tokens of other examples, without dropout."""
        self.model.eval()
        total, learned = 0.0, 0
        size = min(_VALIDATION_BATCH, self.plan.recipe.micro_batch or _VALIDATION_BATCH)
        for at in range(0, len(examples), size):
            units: list[Unit] = [(n,) for n in range(at, min(at + size, len(examples)))]
            total += float(self._loss(make_rows(examples, units, packed=False).to(self.device)))
            learned += learned_tokens(examples, units)
        self.model.train()
        return total / learned

    def _epoch(self, epoch: int) -> list[list[Unit]]:
        if self._known_epoch is None or self._known_epoch[0] != epoch:
            self._known_epoch = (epoch, self.batches.epoch(epoch))
        return self._known_epoch[1]

    _known_epoch: tuple[int, list[list[Unit]]] | None = field(init=False, default=None)

    def _loss(self, rows: Rows) -> torch.Tensor:
        """Summed over learned tokens. Only their columns go through the output layer, a third of a small model."""
        inputs: dict[str, Any] = {"input_ids": rows.ids, "use_cache": False}
        if rows.positions is not None:
            # Without a mask, positions that start anew keep packed examples apart.
            inputs["position_ids"] = rows.positions
        if self._keeps:
            inputs["logits_to_keep"] = rows.keep
        bf16 = uses_bf16(self.plan.recipe, self.device)
        with torch.autocast(self.device.partition(":")[0], torch.bfloat16) if bf16 else nullcontext():
            logits = self.model(**inputs).logits
        columns = rows.column if self._keeps else rows.keep[rows.column]
        return functional.cross_entropy(logits[rows.row, columns].float(), rows.targets, reduction="sum")
