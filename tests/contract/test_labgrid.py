"""Boards of a labgrid lab, against labgrid's own coordinator, exporter and client."""

import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError
from orchestrator.domain.measurement import CyclesSource, DeviceRun
from orchestrator.lab.golden import Golden
from orchestrator.labgrid_places import place_unit
from orchestrator.labgrid_places.coordinator import Coordinator
from orchestrator.labgrid_places.place import CoordinatorLostError, PlaceBusyError, PlaceUnusableError
from orchestrator.labgrid_places.place_unit import PlaceUnit
from orchestrator.labgrid_places.units import place_units
from orchestrator.pipeline.golden import make_golden
from orchestrator.virtual_board.process import start_virtual_board
from tests.contract.labgrid_lab import LabgridLab, until

BOARD = load_board_type("nucleo_l4r5zi")
TAGS = (f"mcutune={BOARD.name}", f"cycles_source={CyclesSource.VIRTUAL.value}")


@pytest.fixture(scope="module")
def golden() -> Golden:
    return make_golden(BOARD)


@pytest.fixture(scope="module")
def switched() -> Iterator[tuple[str, list[str]]]:
    """A power switch by HTTP, and what it was told: 1 is on."""
    told: list[str] = []

    class Switch(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.append(self.path.rpartition("/")[2])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Switch)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}/relay/{{index}}/{{value}}", told
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def resources(switched: tuple[str, list[str]]) -> Iterator[str]:
    """The exporter's file: a virtual board's port, and the switch."""
    with start_virtual_board(BOARD) as device:
        port = device.url.rpartition(":")[2]
        yield (
            f"desk:\n  NetworkSerialPort: {{host: 127.0.0.1, port: {port}}}\n"
            f"  NetworkPowerPort: {{model: simplerest, host: '{switched[0]}', index: 3}}\n"
        )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, resources: str) -> Iterator[LabgridLab]:
    lab = LabgridLab(tmp_path_factory.mktemp("labgrid"))
    try:
        lab.start_coordinator()
        lab.start_exporter(resources)
        lab.add_place("desk", *TAGS)
        yield lab
    finally:
        lab.close()


@pytest.fixture
def unit(lab: LabgridLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PlaceUnit]:
    monkeypatch.setenv("MCUTUNE_STATE", str(tmp_path / "state"))
    coordinator = Coordinator(lab.address, "host")
    unit = PlaceUnit("desk", BOARD, CyclesSource.VIRTUAL, coordinator)
    yield unit
    unit.close()
    coordinator.close()


def measured(unit: PlaceUnit, golden: Golden, folder: Path) -> DeviceRun:
    return unit.measure(golden.request(), folder / "serial.log")


def test_a_place_is_held_while_it_measures_and_given_back_when_idle(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place_unit, "IDLE_S", 1.0)
    assert measured(unit, golden, tmp_path).outputs == golden.outputs
    assert lab.holder("desk") == "host/mcutune"
    until(lambda: not lab.holder("desk"))
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_a_place_held_by_somebody_else_is_busy_and_left_alone(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path
) -> None:
    lab.client("-p", "desk", "acquire")
    with pytest.raises(PlaceBusyError, match=r"^place desk: is held by elsewhere/somebody$"):
        measured(unit, golden, tmp_path)
    unit.recover()
    unit.close()
    assert lab.holder("desk") == "elsewhere/somebody"
    lab.client("-p", "desk", "release")
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_a_place_reserved_by_somebody_else_is_busy(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path
) -> None:
    token = lab.client("reserve", "--shell", "name=desk").strip().rpartition("=")[2]
    try:
        with pytest.raises(PlaceBusyError, match="not reserved for host/mcutune"):
            measured(unit, golden, tmp_path)
    finally:
        lab.client("cancel-reservation", token)
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_a_place_heals_when_its_exporter_comes_back(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path, resources: str
) -> None:
    assert measured(unit, golden, tmp_path).outputs == golden.outputs
    lab.kill("labgrid-exporter")
    until(lambda: not lab.is_exporting())
    with pytest.raises(PlaceUnusableError, match="does its exporter run"):
        measured(unit, golden, tmp_path)
    assert not lab.holder("desk")
    lab.start_exporter(resources)
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_what_a_killed_agent_held_is_taken_over_by_the_next_of_its_name(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path
) -> None:
    lab.client("-p", "desk", "acquire", user="host/mcutune")
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_a_lost_coordinator_is_typed_and_found_again(
    lab: LabgridLab, unit: PlaceUnit, golden: Golden, tmp_path: Path, resources: str
) -> None:
    assert measured(unit, golden, tmp_path).outputs == golden.outputs
    lab.kill("labgrid-coordinator")
    with pytest.raises(CoordinatorLostError, match=f"answers at {lab.address}"):
        measured(unit, golden, tmp_path)
    lab.kill("labgrid-exporter")
    lab.start_coordinator()
    lab.start_exporter(resources)
    if not lab.has_place("desk"):  # it saves them every 15 s
        lab.add_place("desk", *TAGS)
    assert measured(unit, golden, tmp_path).outputs == golden.outputs


def test_a_unit_is_power_cycled_after_a_failure(
    lab: LabgridLab, unit: PlaceUnit, switched: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: str(lab.program(name)))
    unit.recover()
    assert switched[1] == ["0", "1"]


@pytest.mark.skipif(shutil.which("ser2net") is None, reason="ser2net is not installed (Debian package ser2net)")
def test_a_port_behind_ser2net_measures(golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCUTUNE_STATE", str(tmp_path / "state"))
    lab = LabgridLab(tmp_path)
    try:
        with start_virtual_board(BOARD, pty=True) as device:
            lab.start_coordinator()
            lab.start_exporter(f"desk:\n  RawSerialPort: {{port: {device.pty}, speed: 115200}}\n")
            lab.add_place("desk", *TAGS)
            with place_units(lab.address, [], "host") as (unit,):
                assert unit.measure(golden.request(), tmp_path / "serial.log").outputs == golden.outputs
                unit.close()
    finally:
        lab.close()


def test_the_tag_says_which_places_are_served_and_as_what(lab: LabgridLab) -> None:
    lab.add_place("other", "board=nucleo_h999zz")
    with place_units(lab.address, [], "host") as units:
        assert [(unit.name, unit.board) for unit in units] == [("desk", BOARD)]
    for tags in (["board"], ["mcutune=nucleo_l476rg"], ["nothing"]):
        with pytest.raises(InputError, match="no place there has a tag"), place_units(lab.address, tags, "host"):
            pass
    with pytest.raises(InputError, match=r"must be KEY or KEY=TYPE"), place_units(lab.address, ["board="], "host"):
        pass


def test_where_nobody_coordinates_is_bad_input() -> None:
    with (
        pytest.raises(InputError, match=r"--labgrid 127\.0\.0\.1:1: no labgrid coordinator"),
        place_units("127.0.0.1:1", [], "host"),
    ):
        pass
