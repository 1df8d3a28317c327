"""Resolves the model name of a request to weights and template."""

from dataclasses import dataclass
from pathlib import Path

from ..bases import Base, Bases
from ..errors import model_not_found
from ..home import Home
from ..models.manifest import Manifest, read_manifest
from ..state.models import Models


@dataclass(frozen=True)
class Served:
    id: str
    base: Base
    folder: Path | None
    """Of a model that was trained here; None: the base itself."""
    manifest: Manifest | None

    @property
    def template(self) -> str:
        """A trained model is asked as it was taught. A base is asked by its own chat template where it has one."""
        if self.manifest is not None:
            return self.manifest.recipe.template
        return "text" if self.base.is_blueprint else "chat"


class Catalog:
    def __init__(self, home: Home, bases: Bases, models: Models) -> None:
        self._home = home
        self._bases = bases
        self._models = models

    def manifest(self, model: str) -> Manifest | None:
        record = self._models.find(model)
        return None if record is None else read_manifest(self._home.model(record.folder))

    def find(self, model: str) -> Served:
        """Throws 404. `BASE@RECIPE` is the base: a recipe changes nothing before training."""
        name = model.partition("@")[0]
        record = self._models.find(name)
        if record is not None:
            folder = self._home.model(record.folder)
            manifest = read_manifest(folder)
            base = self._bases.find(manifest.base)
            if base is not None:
                return Served(name, base, folder, manifest)
        else:
            base = self._bases.find(name)
            if base is not None:
                return Served(name, base, None, None)
        raise model_not_found(model)
