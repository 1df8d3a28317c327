"""Models in memory: the ones used last, a base once for all of its adapters."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from ..bases import Base
from ..models.build_base import build_base
from .served import Served


@dataclass
class _Weights:
    model: Any
    adapters: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """Attached by peft, the one used last at the end."""


class LoadedModels:
    """Used by one thread at a time. `limit` counts sets of whole weights, and for each of them its adapters."""

    def __init__(self, bases: Path, device: str, limit: int) -> None:
        self._bases = bases
        self._device = device
        self._limit = limit
        self._weights: OrderedDict[str, _Weights] = OrderedDict()
        self._built: dict[str, str] = {}

    def source(self, served: Served) -> str:
        """Where the whole weights of a model lie: its own, or those of the base its adapter belongs to."""
        if served.folder is not None and served.manifest is not None:
            if served.manifest.kind == "full":
                return str(served.folder)
            if served.manifest.base_folder is not None:
                return str(self._bases / served.manifest.base_folder)
        return self.base_source(served.base)

    def base_source(self, base: Base) -> str:
        if not base.is_blueprint:
            return base.source
        if base.source not in self._built:
            self._built[base.source] = str(build_base(self._bases, base.source))
        return self._built[base.source]

    def open(self, served: Served) -> tuple[Any, AbstractContextManager[Any]]:
        """The model, and a context in which it answers as this very one."""
        weights = self._load(self.source(served))
        if served.folder is not None and served.manifest is not None and served.manifest.kind == "adapter":
            self._attach(weights, served.id, str(served.folder))
            return weights.model, nullcontext()
        return weights.model, weights.model.disable_adapter() if weights.adapters else nullcontext()

    def forget(self, served: Served) -> None:
        source = self.source(served)
        weights = self._weights.get(source)
        if weights is None:
            return
        if served.id in weights.adapters:
            self._detach(weights, served.id)
        elif served.folder is not None and source == str(served.folder):
            del self._weights[source]

    def drop(self) -> None:
        """Everything; what is asked for is loaded again."""
        self._weights.clear()

    def _load(self, source: str) -> _Weights:
        weights = self._weights.get(source)
        if weights is None:
            while len(self._weights) >= self._limit:
                self._weights.popitem(last=False)
            dtype = torch.bfloat16 if self._device.startswith("cuda") else torch.float32
            model = AutoModelForCausalLM.from_pretrained(source, dtype=dtype, use_safetensors=True)
            weights = self._weights[source] = _Weights(model.to(self._device).eval())
        self._weights.move_to_end(source)
        return weights

    def _attach(self, weights: _Weights, adapter: str, folder: str) -> None:
        name = _adapter_name(adapter)
        if adapter not in weights.adapters:
            from peft import PeftModel

            while len(weights.adapters) >= self._limit:
                self._detach(weights, next(iter(weights.adapters)))
            if isinstance(weights.model, PeftModel):
                weights.model.load_adapter(folder, adapter_name=name)
            else:
                weights.model = PeftModel.from_pretrained(weights.model, folder, adapter_name=name)
            weights.model.eval()
            weights.adapters[adapter] = None
        weights.adapters.move_to_end(adapter)
        weights.model.set_adapter(name)

    def _detach(self, weights: _Weights, adapter: str) -> None:
        del weights.adapters[adapter]
        if weights.adapters:
            weights.model.delete_adapter(_adapter_name(adapter))
        else:
            weights.model = weights.model.unload()


def _adapter_name(model: str) -> str:
    """peft makes module names of adapter names, where a dot means something."""
    return model.replace(".", "_")


def context_of(source: str) -> int:
    return int(AutoConfig.from_pretrained(source).max_position_embeddings)
