"""What a job asks for, resolved once when it is created: the trainer reads this and nothing else."""

from collections.abc import Callable
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from ..bases import Base, Bases
from ..errors import ApiError, model_not_found
from ..models.manifest import Manifest
from .recipe import Recipe


class TrainingPlan(BaseModel):
    model_config = ConfigDict(frozen=True)

    base: str
    source: str
    start: str | None
    """A fine-tuned model that training goes on from; None: a fresh copy of the base."""
    recipe: Recipe
    epochs: int
    batch_size: int
    learning_rate: float
    seed: int
    suffix: str


class Supervised(BaseModel):
    """`auto` and an absent value both leave it to the recipe. Every other key changes the recipe for this job."""

    model_config = ConfigDict(extra="allow")

    n_epochs: int | str | None = None
    batch_size: int | str | None = None
    learning_rate_multiplier: float | str | None = None


class Chosen(BaseModel):
    """What a requested model name stands for."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    base: Base
    start: str | None
    kind: Literal["full", "adapter"] | None
    """What `start` is; None: there is none."""
    trained: Recipe | None
    """What `start` was trained with."""
    recipe: Recipe


def choose(bases: Bases, find: Callable[[str], Manifest | None], model: str) -> Chosen:
    """`BASE`, `BASE@RECIPE`, or a fine-tuned model, which goes on with the recipe it was trained with."""
    name, _, recipe_name = model.partition("@")
    manifest = find(name)
    base = bases.find(name if manifest is None else manifest.base)
    if base is None:
        raise model_not_found(model)
    if manifest is not None and recipe_name == "":
        recipe: Recipe | None = manifest.recipe
    else:
        recipe = bases.recipe(base, recipe_name or base.default_recipe)
    if recipe is None:
        known = ", ".join(bases.recipes_of(base))
        raise ApiError(404, f"There is no recipe '{recipe_name}': {known}.", code="model_not_found", param="model")
    if manifest is None:
        return Chosen(base=base, start=None, kind=None, trained=None, recipe=recipe)
    return Chosen(base=base, start=name, kind=manifest.kind, trained=manifest.recipe, recipe=recipe)


def plan_training(chosen: Chosen, asked: Supervised, seed: int, suffix: str) -> TrainingPlan:
    recipe = _changed(chosen.recipe, asked.model_extra or {})
    _check_kind(chosen, recipe)
    multiplier = _number("learning_rate_multiplier", asked.learning_rate_multiplier, 1.0)
    return TrainingPlan(
        base=chosen.base.name,
        source=chosen.base.source,
        start=chosen.start,
        recipe=recipe,
        epochs=_whole("n_epochs", asked.n_epochs, recipe.epochs),
        batch_size=_whole("batch_size", asked.batch_size, recipe.batch_size),
        learning_rate=recipe.learning_rate * multiplier,
        seed=seed,
        suffix=suffix,
    )


# What the matrices of an adapter are; the others say how they are trained.
_SHAPE = ("rank", "alpha", "dropout", "target_modules")


def _check_kind(chosen: Chosen, recipe: Recipe) -> None:
    """
    An adapter is served over the base's own weights, which are not those of a student that was trained in full. Where
    an adapter is trained further, its matrices are there already.
    """
    if chosen.trained is None:
        return
    if (chosen.kind == "adapter") != (recipe.adapter == "lora"):
        kept = {"adapter": "lora" if chosen.kind == "adapter" else "none"}
    elif chosen.kind == "adapter":
        had, asked = chosen.trained.model_dump(), recipe.model_dump()
        kept = {name: had[name] for name in _SHAPE if had[name] != asked[name]}
    else:
        kept = {}
    if not kept:
        return
    named = ", ".join(f"{name}: {value}" for name, value in kept.items())
    message = (
        f"'{chosen.start}' was trained with {named} and goes on with it. "
        f"Name it without a recipe and without {' and '.join(kept)}, or train '{chosen.base.name}' anew."
    )
    raise ApiError(400, message, code="unsupported", param="model")


def _changed(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate({**recipe.model_dump(), **changes})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"]) or "hyperparameters"
        raise ApiError(400, f"{name}: {first['msg']}", code="invalid_value", param=name) from error


def _number(name: str, given: float | str | None, otherwise: float) -> float:
    if given is None or given == "auto":
        return otherwise
    if isinstance(given, str) or given <= 0:
        raise ApiError(400, f"{name}: 'auto' or a positive number is expected.", code="invalid_value", param=name)
    return float(given)


def _whole(name: str, given: int | str | None, otherwise: int) -> int:
    number = _number(name, given, otherwise)
    if number != int(number):
        raise ApiError(400, f"{name}: 'auto' or a whole number is expected.", code="invalid_value", param=name)
    return int(number)
