"""
What a comparison of bench/r52.sh came to, a line a run, and whether its adapters load in plain peft:
`python r52_summary.py WORK_FOLDER`.
"""

import csv
import json
import sys
from pathlib import Path

from peft import PeftModel
from transformers import AutoModelForCausalLM


def main(work: Path) -> None:
    for table in sorted((work / "home" / "comparisons").glob("*/comparison.csv")):
        print(f"\n{table.parent}")
        for run in csv.DictReader(table.open(encoding="utf-8")):
            scores = run["reason"]
            if run["macro"]:
                scores = (
                    f"{float(run['seconds']):.0f} s, macro {float(run['macro']):.3f}, micro {float(run['micro']):.3f}"
                )
            print(f"{run['student']}, {run['method']}, seed {run['seed']}: {run['status']}, {scores}")
    adapters(work / "student")
    print(f"\nReports: {work}/home/runs/*/report.html")


def adapters(home: Path) -> None:
    loaded: dict[str, int] = {}
    for folder in sorted((home / "models").glob("*/adapter_config.json")):
        manifest = json.loads((folder.parent / "student.json").read_text(encoding="utf-8"))
        base = AutoModelForCausalLM.from_pretrained(home / "bases" / manifest["base_folder"])
        PeftModel.from_pretrained(base, str(folder.parent))
        loaded[manifest["base"]] = loaded.get(manifest["base"], 0) + 1
    for base, count in loaded.items():
        print(f"{count} adapters of {base} load in plain peft")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
