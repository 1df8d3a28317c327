"""The model a job trains: a fresh copy of its base, or what an earlier job made of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from ..home import Home
from ..models.blueprints import is_blueprint
from ..models.build_base import build_base
from ..models.manifest import read_manifest
from ..models.text import ModelText
from ..quantization import NOT_QUANTIZED, can_quantize
from .plan import TrainingPlan
from .recipe import Recipe


class CannotTrain(Exception):
    """This machine can't do what the recipe asks."""


@dataclass(frozen=True)
class Student:
    model: Any
    text: ModelText
    base_folder: str | None
    """Of a base that was built here: its name below the home's bases."""


def load_student(
    home: Home, plan: TrainingPlan, start_folder: str | None, texts: Iterable[str], device: str
) -> Student:
    recipe = plan.recipe
    base_folder: str | None = None
    if is_blueprint(plan.source):
        # A student that goes on keeps its tokenizer, and so its base.
        start_base = None if start_folder is None else read_manifest(home.model(start_folder)).base_folder
        folder = build_base(home.bases, plan.source, texts) if start_base is None else home.bases / start_base
        base_folder = folder.name
        source = str(folder)
    else:
        source = plan.source
    if start_folder is not None:
        model, source = _continued(home.model(start_folder), source, recipe, device)
    else:
        model = _load(source, recipe, device)
        if recipe.adapter == "lora":
            model = _with_adapter(model, recipe)
    if recipe.gradient_checkpointing:
        model.activation_checkpointing_enable({"use_reentrant": False})
        model.enable_input_require_grads()
    model.config.use_cache = False
    model.train()
    return Student(model, ModelText(source), base_folder)


def uses_bf16(recipe: Recipe, device: str) -> bool:
    return recipe.precision == "bf16" or (recipe.precision == "auto" and device.startswith("cuda"))


def _load(source: str, recipe: Recipe, device: str) -> Any:
    # Weights that are trained stay in 32 bits, whatever the arithmetic; a frozen base needs no more than 16.
    frozen = recipe.adapter == "lora" and uses_bf16(recipe, device)
    dtype = torch.bfloat16 if frozen else torch.float32
    if recipe.quantization == "none":
        return AutoModelForCausalLM.from_pretrained(source, dtype=dtype, use_safetensors=True).to(device)
    from peft import prepare_model_for_kbit_training

    # Quantized weights are made where they are to be: moving them later is refused.
    model = AutoModelForCausalLM.from_pretrained(
        source, dtype=dtype, use_safetensors=True, device_map={"": device}, quantization_config=_four_bits(dtype)
    )
    return prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)


def _four_bits(dtype: torch.dtype) -> Any:
    if not can_quantize():
        raise CannotTrain(NOT_QUANTIZED)
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _with_adapter(model: Any, recipe: Recipe) -> Any:
    from peft import LoraConfig, get_peft_model

    config = LoraConfig(
        r=recipe.rank,
        lora_alpha=recipe.alpha,
        lora_dropout=recipe.dropout,
        target_modules=recipe.target_modules,
        task_type="CAUSAL_LM",
    )
    return get_peft_model(model, config)


def _continued(folder: Path, source: str, recipe: Recipe, device: str) -> tuple[Any, str]:
    """A student to train further, and the folder of its tokenizer."""
    if read_manifest(folder).kind == "full":
        if recipe.adapter == "lora":
            raise CannotTrain("A student trained in full goes on in full: its recipe must not be `adapter: lora`.")
        return _load(str(folder), recipe, device), str(folder)
    if recipe.adapter != "lora":
        raise CannotTrain("A student with an adapter goes on with an adapter: its recipe must not be `adapter: none`.")
    from peft import PeftModel

    return PeftModel.from_pretrained(_load(source, recipe, device), str(folder), is_trainable=True), str(folder)


def save_student(student: Student, plan: TrainingPlan, folder: Path) -> None:
    """In the layout that transformers, or peft, loads by itself."""
    student.model.config.use_cache = True
    # An adapter leaves embeddings alone; peft would ask the hub whether that is so.
    extra = {"save_embedding_layers": False} if hasattr(student.model, "peft_config") else {}
    student.model.save_pretrained(folder, **extra)
    student.text.save(str(folder))
    config = folder / "adapter_config.json"
    if config.exists():
        # Not the path it had here: a name that means the same elsewhere.
        written = json.loads(config.read_text(encoding="utf-8"))
        written["base_model_name_or_path"] = plan.source if not Path(plan.source).is_absolute() else plan.base
        config.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n", encoding="utf-8")
