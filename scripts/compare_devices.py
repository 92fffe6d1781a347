#!/usr/bin/env python3
"""Measure networks on several devices beside each other, or hold our own counts against what labs have contributed.

Usage: .venv/bin/python scripts/compare_devices.py MODELS_DIR [--devices DEVICE:TYPE,...] [--out DIR]
       .venv/bin/python scripts/compare_devices.py MODELS_DIR --contributed DIR

DEVICE is what `mcutune measure --device` takes, TYPE a board type: virtual:nucleo_l476rg, renode:nucleo_l476rg,
/dev/serial/by-id/...:nucleo_l476rg. Devices of one type get the same images. With --out, each device's figures become a
file to contribute: docs/device_comparison.md.
"""

import argparse
import sys
from pathlib import Path

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.contribution import Contribution
from orchestrator.domain.errors import InputError, McutuneError
from orchestrator.lab.devices import VIRTUAL, open_device
from orchestrator.pipeline.contribute import contribute, read_contribution, write_contribution
from orchestrator.report.device_comparison import comparison_table, device_lines, error_table


def main() -> int:
    arguments = _arguments()
    try:
        models = _models(arguments.models, arguments.model)
        if arguments.contributed is not None:
            return _show_errors(arguments.contributed, models)
        devices = [_measured(spec, models) for spec in arguments.devices.split(",")]
        print(comparison_table(devices), *device_lines(devices), sep="\n")
        for _, contribution in devices:
            if arguments.out is not None:
                print(f"written: {write_contribution(contribution, arguments.out)}")
    except McutuneError as error:
        print(f"compare_devices: {error}", file=sys.stderr)
        return 2 if isinstance(error, InputError) else 1
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", type=Path, help="folder with .tflite files")
    parser.add_argument("--model", action="append", help="this network only; may be repeated")
    parser.add_argument("--devices", default=f"{VIRTUAL}:nucleo_l476rg", help="comma-separated (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="write a contribution for each device here")
    parser.add_argument("--contributed", type=Path, help="folder of contributions to compare the virtual board with")
    return parser.parse_args()


def _models(folder: Path, names: list[str] | None) -> dict[str, bytes]:
    paths = sorted(folder.glob("*.tflite"))
    found = {path.stem: path.read_bytes() for path in paths if not names or path.stem in names}
    missing = set(names or ()) - set(found)
    if missing or not found:
        known = ", ".join(path.stem for path in paths) or "none"
        raise InputError(f"{folder}: holds no {', '.join(sorted(missing)) or '.tflite files'}; there are: {known}")
    return found


def _measured(spec: str, models: dict[str, bytes]) -> tuple[str, Contribution]:
    device_name, separator, board_name = spec.rpartition(":")
    if not separator or not device_name:
        raise InputError(f"--devices: must be DEVICE:TYPE such as virtual:nucleo_l476rg, but got {spec!r}")
    board = load_board_type(board_name)
    with open_device(board, device_name) as device:
        return spec, contribute(models, board, device)


def _show_errors(folder: Path, models: dict[str, bytes]) -> int:
    """Compare the virtual board with every contribution of the folder, on the networks that both know by hash."""
    theirs = [read_contribution(path) for path in sorted(folder.glob("*.json"))]
    if not theirs:
        raise InputError(f"{folder}: holds no contribution yet; docs/device_comparison.md says how to make one")
    ours = {board: _measured(f"{VIRTUAL}:{board}", models)[1] for board in sorted({c.board for c in theirs})}
    print(error_table([(ours[contribution.board], contribution) for contribution in theirs]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
