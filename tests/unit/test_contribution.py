"""The files that labs contribute: what is written is read again, and what is no contribution is refused in one line."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.domain.contribution import SCHEMA_VERSION, ContributedModel, Contribution, unit_of
from orchestrator.domain.errors import InputError
from orchestrator.domain.measurement import CyclesSource, DeviceRun, MeasuredClock, MemorySetting
from orchestrator.pipeline.contribute import read_contribution, write_contribution
from orchestrator.report.device_comparison import comparison_table, device_lines, error_table
from tests.records import IMAGE, MEASUREMENT

COLLECTED = Path(__file__).parents[2] / "docs" / "measurements"

MODEL = ContributedModel.of("net", IMAGE, DeviceRun(IMAGE.model_hash, MEASUREMENT, ((b"\x01",),)))
SILICON = Contribution(
    schema_version=SCHEMA_VERSION,
    board="nucleo_l476rg",
    unit=unit_of(MEASUREMENT.device),
    cycles_source=CyclesSource.SILICON,
    clock_hz=80_000_000,
    measured_clock=MeasuredClock(79.9e6, 0.02),
    memory_settings=(MemorySetting("flash-wait-states", 4),),
    toolchain="arm-none-eabi-gcc 12.2.1",
    mcutune="0.1.0",
    models=(MODEL,),
    left_out=("huge",),
)
VIRTUAL = replace(
    SILICON,
    cycles_source=CyclesSource.VIRTUAL,
    measured_clock=None,
    models=(replace(MODEL, name="renamed", cycles=440_000, cycles_max=440_000),),
)


def test_a_contribution_is_read_as_it_was_written_and_names_no_device(tmp_path: Path) -> None:
    path = write_contribution(SILICON, tmp_path)
    assert path.name == f"nucleo_l476rg-silicon-{SILICON.unit}.json"
    assert read_contribution(path) == SILICON
    assert MEASUREMENT.device not in path.read_text()
    assert MEASUREMENT.device not in path.name


def test_every_collected_file_is_a_contribution() -> None:
    assert COLLECTED.is_dir()
    for path in COLLECTED.glob("*.json"):
        assert read_contribution(path).models, path


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema_version": 2}, "schema_version: must be 1, but got 2"),
        ({"cycles_source": "guess"}, "cycles_source"),
        ({"board": None}, "board"),
        ({"models": [{"name": "net"}]}, "model_hash"),
        ({"models": 2 * [json.loads("{}")]}, "models"),
    ],
)
def test_what_is_no_contribution_is_refused_in_one_line(change: dict[str, object], says: str, tmp_path: Path) -> None:
    path = write_contribution(SILICON, tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(InputError) as caught:
        read_contribution(path)
    assert str(caught.value).startswith(f"{path}: is no contribution: ")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_cycles_that_contradict_each_other_and_equal_names_are_refused() -> None:
    with pytest.raises(ValueError, match="cycles must be above 0"):
        replace(MODEL, cycles_min=0)
    with pytest.raises(ValueError, match="between cycles_min and cycles_max"):
        replace(MODEL, cycles=MODEL.cycles_max + 1)
    with pytest.raises(ValueError, match="names must differ, but got net, net"):
        replace(SILICON, models=(MODEL, MODEL))


def test_the_table_has_instructions_apart_from_cycles_and_ratios_to_the_first() -> None:
    renode = replace(SILICON, cycles_source=CyclesSource.RENODE, models=(replace(MODEL, cycles_min=1, cycles=300_000),))
    table = comparison_table([("a", SILICON), ("b", renode)]).splitlines()
    figures = f"4,500 | 20,000 | 500 | {MODEL.image_hash} | {MODEL.output_hash}"
    assert table[2] == f"| net | a | 400,000 |  | 1.000 | 5.00 | {figures} |"
    assert table[3] == f"| net | b |  | 300,000 | 0.750 |  | {figures} |"
    assert table[4].startswith("| huge | a | does not fit |")
    assert {line.count("|") for line in table} == {12}


def test_the_circumstances_are_told() -> None:
    (line,) = device_lines([("a", SILICON)])
    assert "cycles are silicon, clock 80 MHz (measured 79.90 MHz +-2.0%), settings flash-wait-states=4" in line


def test_the_error_against_silicon_is_ours_relative_to_theirs_by_the_models_hash() -> None:
    lines = error_table([(VIRTUAL, SILICON)]).splitlines()
    assert lines[2] == f"| nucleo_l476rg | {SILICON.unit} | net | 400,000 | 440,000 | +10.0% | the same |"
    assert lines[-1] == "mean of the absolute errors: 10.0%, worst 10.0%"
    stranger = replace(VIRTUAL, models=(replace(MODEL, model_hash="f" * 16),))
    assert "no such network" in error_table([(stranger, SILICON)])
