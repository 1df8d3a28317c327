"""How a base is trained, beyond what OpenAI's protocol can say. A job names one: `model: BASE@RECIPE`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Recipe(BaseModel):
    """Defaults are those of the paper's reference run, except that weights are not quantized."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    adapter: Literal["lora", "none"] = "lora"
    """`lora` trains small matrices beside the base, `none` all of its weights."""
    rank: int = Field(8, ge=1, le=512)
    alpha: int = Field(16, ge=1)
    dropout: float = Field(0.1, ge=0, lt=1)
    target_modules: Literal["all-linear"] | list[str] = "all-linear"
    quantization: Literal["none", "nf4"] = "none"
    """`nf4`: the frozen base in 4 bits with double quantization (QLoRA), where bitsandbytes is installed."""
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    """`auto`: bf16 where there is a GPU, else fp32."""
    loss: Literal["completion", "full"] = "completion"
    """Tokens that are learned: those of the last assistant message, or all."""
    template: Literal["text", "chat"] = "text"
    """`text`: contents one after the other, as `completions` sends them. `chat`: the tokenizer's own chat template."""
    learning_rate: float = Field(2e-4, gt=0)
    """Times the job's `learning_rate_multiplier`."""
    schedule: Literal["constant", "linear", "cosine"] = "constant"
    warmup: float = Field(0.0, ge=0, lt=1)
    """Share of all steps in which the rate rises from 0."""
    weight_decay: float = Field(0.0, ge=0)
    max_gradient_norm: float = Field(0.3, gt=0)
    epochs: int = Field(8, ge=1)
    """Where the job says `auto` or nothing."""
    batch_size: int = Field(16, ge=1)
    """Examples a step, where the job says `auto` or nothing."""
    micro_batch: int | None = Field(None, ge=1)
    """Examples (with packing: blocks) in one forward pass; gradients are summed over a step. None: all at once."""
    packing: bool = False
    """Several examples in one block of `max_tokens`; they don't see each other."""
    max_tokens: int = Field(1024, ge=8)
    """A longer example loses the middle of its prompt."""
    gradient_checkpointing: bool = False
    early_stop: int = Field(0, ge=0)
    """Epochs in a row without a better validation loss after which training ends; 0: never. Needs a validation file."""

    @model_validator(mode="after")
    def _fits_together(self) -> "Recipe":
        if self.quantization == "nf4" and self.adapter == "none":
            raise ValueError("quantization: nf4 freezes the base, so it needs adapter: lora")
        return self


# The paper's reference hyperparameters.
_LORA = Recipe()
_QLORA = Recipe(quantization="nf4", packing=True, gradient_checkpointing=True)
_FULL = Recipe(adapter="none", learning_rate=2e-5, schedule="cosine", warmup=0.05, max_gradient_norm=1.0)

PRESETS = {"lora": _LORA, "qlora": _QLORA, "full": _FULL}

# A model of random weights and a million parameters has everything to learn, and can take large steps.
_TINY = {"learning_rate": 1e-2, "max_gradient_norm": 1.0}
TINY_PRESETS = {
    "full": _FULL.model_copy(update={"learning_rate": 4e-3, "weight_decay": 0.01}),
    "lora": _LORA.model_copy(update=_TINY),
    "qlora": _QLORA.model_copy(update=_TINY),
}
