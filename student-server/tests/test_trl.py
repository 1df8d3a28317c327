"""The training file of a run is what others train on too."""

from pathlib import Path

from workbench import BASE, jsonl, rows

from student_server.models.build_base import build_base
from student_server.models.text import ModelText


def test_the_training_file_trains_in_trl_unchanged(tmp_path: Path) -> None:
    from datasets import load_dataset
    from transformers import AutoModelForCausalLM
    from trl import SFTConfig, SFTTrainer

    (tmp_path / "train.jsonl").write_bytes(jsonl(rows()))
    source = str(build_base(tmp_path / "bases", BASE))
    trainer = SFTTrainer(
        model=AutoModelForCausalLM.from_pretrained(source),
        args=SFTConfig(
            output_dir=str(tmp_path / "out"), max_steps=3, report_to="none", use_cpu=True, save_strategy="no"
        ),
        train_dataset=load_dataset(
            "json", data_files=str(tmp_path / "train.jsonl"), cache_dir=str(tmp_path), split="train"
        ),
        # A tokenizer without a chat template gets the plain one.
        processing_class=ModelText(source).tokenizer,
    )
    assert trainer.train().training_loss > 0
