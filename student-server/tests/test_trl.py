"""The training file of a run is what others train on too."""

from pathlib import Path

from workbench import BASE

from student_server.models.build_base import build_base
from student_server.models.text import ModelText

# Line for line as a run writes its `train.jsonl`, about nouns of our own.
TRAINING_FILE = Path(__file__).with_name("run-train.jsonl")


def test_the_training_file_trains_in_trl_unchanged(tmp_path: Path) -> None:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    source = str(build_base(tmp_path / "bases", BASE))
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(source),
        args=SFTConfig(
            output_dir=str(tmp_path / "out"), max_steps=3, report_to="none", use_cpu=True, save_strategy="no"
        ),
        train_dataset=load_dataset("json", data_files=str(TRAINING_FILE), cache_dir=str(tmp_path), split="train"),
        # A tokenizer without a chat template gets the plain one.
        processing_class=ModelText(source).tokenizer,
    )
    assert trainer.train().training_loss > 0
