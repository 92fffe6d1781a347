#!/usr/bin/env python3
"""Print wall seconds per stage over the candidates of a finished sweep, as a Markdown table.

Usage: .venv/bin/python scripts/show_stages.py SWEEP_DIR
"""

import sys
from pathlib import Path
from statistics import median

from orchestrator.journal.journal import Journal

# The order in which a candidate goes through them; `prepare` and `prepare_trained` contain the steps before them.
STAGES = (
    ("build", "search space to Keras model"),
    ("convert", "Keras model to int8 .tflite"),
    ("compile", ".tflite to C"),
    ("link", "C to firmware image"),
    ("prepare", "all of the above as the coordinator sees it, waiting for a CPU included"),
    ("screen_wait", "waiting for a free board"),
    ("screen", "flash and measure the untrained network"),
    ("train", "waiting for a trainer and training"),
    ("prepare_trained", "compile and link the trained network"),
    ("verify_wait", "waiting for a free board"),
    ("verify", "flash and measure the trained network, run samples"),
    ("check", "host build, TFLM, accuracy over the validation split, before and after training"),
)


def main() -> None:
    records = Journal(Path(sys.argv[1]) / "journal.jsonl").read()
    print("| stage | what | candidates | median s | max s |\n|---|---|---|---|---|")
    for stage, what in STAGES:
        seconds = [record.stage_s[stage] for record in records if record.stage_s and stage in record.stage_s]
        if seconds:
            print(f"| {stage} | {what} | {len(seconds)} | {median(seconds):.2f} | {max(seconds):.2f} |")


if __name__ == "__main__":
    main()
