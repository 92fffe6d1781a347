"""`mcutune boards check` on boards of a hardware map."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.json_records import record_from_json, record_to_json
from orchestrator.domain.measurement import Measurement
from orchestrator.virtual_board.process import start_virtual_board
from tests.end_to_end.conftest import CommandLine

BOARD = "nucleo_l476rg"


@pytest.fixture(scope="module")
def urls() -> Iterator[tuple[str, str]]:
    board = load_board_type(BOARD)
    with start_virtual_board(board) as one, start_virtual_board(board) as other:
        yield one.url, other.url


@pytest.fixture
def lab(mcutune: CommandLine, urls: tuple[str, str]) -> CommandLine:
    mcutune.environment["MCUTUNE_STATE"] = str(mcutune.folder / "state")
    rows = [
        f"- {{id: kit{number}, platform: {BOARD}, serial: '{url}', cycles_source: virtual-timing-model}}\n"
        for number, url in enumerate(urls)
    ]
    rows.append(f"- {{id: absent, platform: {BOARD}, serial: /dev/serial/by-id/absent}}\n")
    rows.append(f"- {{id: shelved, connected: false, platform: {BOARD}, serial: /dev/serial/by-id/shelved}}\n")
    (mcutune.folder / "map.yaml").write_text("".join(rows))
    return mcutune


def test_the_first_sound_unit_is_the_reference_of_the_next(lab: CommandLine) -> None:
    first = lab.run("boards", "check", "kit0", "--hardware-map", "map.yaml")
    assert first.returncode == 0, first.stdout + first.stderr
    assert "kept from now on" in first.stdout
    (reference,) = (lab.folder / "state" / "golden").iterdir()
    second = lab.run("boards", "check", "kit0", "kit1", "--hardware-map", "map.yaml")
    assert second.returncode == 0, second.stdout + second.stderr
    assert second.stdout.count("the same cycles") == 2
    assert "2 of 2 sound" in second.stdout
    assert_differs(lab, reference)


def assert_differs(lab: CommandLine, reference: Path) -> None:
    measured = record_from_json(reference.read_text(), Measurement)
    slower = replace(measured, cycles=measured.cycles * 2, stack_bytes=measured.stack_bytes + 8)
    reference.write_text(record_to_json(slower))
    done = lab.run("boards", "check", "--hardware-map", "map.yaml")
    assert done.returncode == 1
    said = " ".join(done.stdout.split())
    assert "-50.00% cycles" in said
    assert f"{slower.cycles} before" in said
    assert "port-missing" in said  # and the unit that is not there does not keep the others from being checked
    assert "0 of 3 sound" in said


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        (["kit00"], "map.yaml: has no unit 'kit00'; did you mean 'kit0'? there are: kit0, kit1, absent, shelved"),
        (["shelved"], "map.yaml: shelved: has `connected: false`"),
    ],
)
def test_a_unit_that_cannot_be_meant_is_bad_input(lab: CommandLine, ids: list[str], said: str) -> None:
    done = lab.run("boards", "check", *ids, "--hardware-map", "map.yaml")
    assert done.returncode == 2
    assert said in done.stderr


def test_one_of_map_and_cluster_must_be_named(lab: CommandLine) -> None:
    done = lab.run("boards", "check")
    assert done.returncode == 2
    assert "--hardware-map FILE or --address" in done.stderr
