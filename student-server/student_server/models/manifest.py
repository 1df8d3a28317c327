"""`student.json`, the manifest in the folder of every model trained here."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ..training.recipe import Recipe

NAME = "student.json"


class Manifest(BaseModel):
    model_config = ConfigDict(frozen=True)

    id: str
    base: str
    """Name of the base at this server."""
    base_folder: str | None
    """Folder of a base that was built here, within the home; None: the base's own source."""
    kind: Literal["full", "adapter"]
    recipe: Recipe
    job: str
    step: int


def write_manifest(folder: Path, manifest: Manifest) -> None:
    (folder / NAME).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    return Manifest.model_validate_json((folder / NAME).read_text(encoding="utf-8"))
