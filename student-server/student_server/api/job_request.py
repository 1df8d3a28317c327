"""What a client may say when it creates a job."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..training.plan import Supervised

MetadataName = Annotated[str, StringConstraints(max_length=64)]
MetadataValue = Annotated[str, StringConstraints(max_length=512)]


class _Method(BaseModel):
    class _Supervised(BaseModel):
        hyperparameters: Supervised | None = None

    type: Literal["supervised"]
    supervised: _Supervised | None = None


class JobRequest(BaseModel):
    model_config = ConfigDict(extra="ignore")

    model: str
    training_file: str
    validation_file: str | None = None
    # Part of the model's name, where '@' would name a recipe.
    suffix: str | None = Field(None, max_length=64, pattern=r"^[^@/\s]*$")
    seed: int | None = Field(None, ge=0, lt=1 << 63)
    metadata: dict[MetadataName, MetadataValue] | None = Field(None, max_length=16)
    method: _Method | None = None
    hyperparameters: Supervised | None = None
    """The older place of the same settings."""
    integrations: list[Any] | None = Field(None, max_length=0)

    @property
    def hyperparameters_asked(self) -> Supervised:
        newer = self.method and self.method.supervised and self.method.supervised.hyperparameters
        return newer or self.hyperparameters or Supervised()
