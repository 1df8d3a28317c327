"""The base models of a server. Only declared ones can be named by a request, so no request reaches a path or a hub."""

from dataclasses import dataclass
from pathlib import Path

from .models.blueprints import BLUEPRINTS, is_blueprint
from .training.recipe import PRESETS, TINY_PRESETS, Recipe


@dataclass(frozen=True)
class Base:
    name: str
    """What requests call it."""
    source: str
    """A blueprint, an absolute folder, or a name at the hub."""

    @property
    def is_blueprint(self) -> bool:
        return is_blueprint(self.source)

    @property
    def default_recipe(self) -> str:
        """Random weights have nothing that an adapter could build on."""
        return "full" if self.is_blueprint else "lora"


class Bases:
    def __init__(self, bases: tuple[Base, ...], recipes: dict[str, Recipe]) -> None:
        self._bases = {base.name: base for base in bases}
        self._recipes = recipes

    def find(self, name: str) -> Base | None:
        return self._bases.get(name)

    def all(self) -> list[Base]:
        return list(self._bases.values())

    def recipe(self, base: Base, name: str) -> Recipe | None:
        """Recipes of the settings come first, so that one may change what `lora` means."""
        presets = TINY_PRESETS if base.is_blueprint else {}
        return self._recipes.get(name) or presets.get(name) or PRESETS.get(name)

    def recipes_of(self, base: Base) -> list[str]:
        return sorted({*self._recipes, *PRESETS})


def read_base(declared: str) -> Base:
    """`NAME`, or `NAME=SOURCE`. Throws ValueError with what was expected."""
    name, _, source = declared.partition("=")
    source = source or name
    if not name or "@" in name or name.startswith("ft:"):
        raise ValueError(f"--base {declared}: a name must not be empty, hold '@' or start with 'ft:'")
    if source.startswith("tiny-llama:") and not is_blueprint(source):
        raise ValueError(f"--base {declared}: there is {', '.join(BLUEPRINTS)}")
    path = Path(source).expanduser()
    if path.is_dir():
        if not (path / "config.json").is_file():
            raise ValueError(f"--base {declared}: {path} holds no config.json")
        return Base(name, str(path.resolve()))
    if source.startswith((".", "/", "~")):
        raise ValueError(f"--base {declared}: there is no folder {path}")
    return Base(name, source)
