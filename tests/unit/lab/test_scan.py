"""A hardware map drafted from what is plugged in."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.config.hardware_map import read_hardware_map
from orchestrator.device.ports import attached_ports
from orchestrator.device.probes import kits_by_probe
from orchestrator.device.who_answers import board_type_that_answers
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.lab.scan import draft_rows
from orchestrator.report.hardware_map_text import hardware_map_text
from orchestrator.virtual_board.process import start_virtual_board

STLINK = "066AFF495177514867213407"


def listed(device: Path, **fields: object) -> SimpleNamespace:
    """A port as pyserial's list_ports gives it."""
    usb = {"vid": 0x0483, "serial_number": STLINK, "manufacturer": "STMicroelectronics", "product": "STM32 STLink"}
    return SimpleNamespace(device=str(device), **{**usb, **fields})


def linked(folder: Path, name: str, device: str) -> Path:
    """A device with the link that udev makes for it."""
    (folder / "by-id").mkdir(exist_ok=True)
    path = folder / device
    path.touch()
    (folder / "by-id" / name).symlink_to(path)
    return path


def scanned(
    folder: Path, *ports: SimpleNamespace, kits: dict[str, str] | None = None, answer: str | None = None
) -> str:
    rows = draft_rows(attached_ports(ports, folder / "by-id"), board_type_names(), kits or {}, lambda url: answer)
    return hardware_map_text(rows)


def read(folder: Path, text: str) -> tuple[MappedDevice, ...]:
    (folder / "map.yaml").write_text(text)
    return read_hardware_map(folder / "map.yaml")


def test_a_kit_whose_probe_says_what_it_is_needs_no_hand(tmp_path: Path) -> None:
    tty = linked(tmp_path, f"usb-STMicroelectronics_STM32_STLink_{STLINK}-if02", "ttyACM0")
    (row,) = read(tmp_path, scanned(tmp_path, listed(tty), kits={STLINK: "NUCLEO-L476RG"}))
    assert row == MappedDevice(
        id=STLINK,
        platform="nucleo_l476rg",
        serial=str(tmp_path / "by-id" / f"usb-STMicroelectronics_STM32_STLink_{STLINK}-if02"),
        product="STMicroelectronics STM32 STLink",
        probe_id=STLINK,
        flash=FlashOptions(probe_id=STLINK),
    )


def test_what_answers_counts_more_than_what_the_probe_says(tmp_path: Path) -> None:
    tty = linked(tmp_path, "usb-x", "ttyACM0")
    text = scanned(tmp_path, listed(tty), kits={STLINK: "NUCLEO-L476RG"}, answer="nucleo_f446re")
    assert "platform: nucleo_f446re  # it answers as one" in text


def test_a_kit_that_nobody_knows_is_not_connected_and_says_what_to_fill_in(tmp_path: Path) -> None:
    text = scanned(tmp_path, listed(linked(tmp_path, "usb-x", "ttyACM0")), kits={STLINK: "NUCLEO-WL55JC"})
    assert "connected: false  # fill in `platform` first" in text
    (row,) = read(tmp_path, text)
    assert (row.connected, row.platform) == (False, "unknown")


def test_the_ports_of_one_probe_are_told_apart_by_their_links_and_none_is_guessed_to_be_the_console(
    tmp_path: Path,
) -> None:
    ports = [listed(linked(tmp_path, f"usb-J-Link-if0{number}", f"ttyACM{number}")) for number in (0, 2)]
    rows = read(tmp_path, scanned(tmp_path, *ports, kits={STLINK: "NUCLEO-L476RG"}))
    assert [(row.id, row.connected) for row in rows] == [("usb-J-Link-if00", False), ("usb-J-Link-if02", False)]


def test_a_port_without_a_lasting_name_is_only_mentioned(tmp_path: Path) -> None:
    text = scanned(tmp_path, listed(tmp_path / "ttyACM7"))
    assert f"# {tmp_path}/ttyACM7 (STMicroelectronics STM32 STLink): has no name" in text
    assert read(tmp_path, text) == ()


def test_a_port_soldered_to_the_host_is_no_kit(tmp_path: Path) -> None:
    assert read(tmp_path, scanned(tmp_path, listed(tmp_path / "ttyS0", vid=None))) == ()


@pytest.mark.parametrize("serial_number", ["0012", "12e5", None])
def test_serial_numbers_stay_as_they_are(tmp_path: Path, serial_number: str | None) -> None:
    tty = linked(tmp_path, "usb-FTDI_FT232R_A10-if00-port0", "ttyUSB0")
    (row,) = read(tmp_path, scanned(tmp_path, listed(tty, serial_number=serial_number, manufacturer=None)))
    assert (row.id, row.probe_id) == (serial_number or "usb-FTDI_FT232R_A10-if00-port0", serial_number)


def test_probes_that_say_nothing_are_left_out() -> None:
    probes = [
        SimpleNamespace(unique_id="1", associated_board_info=SimpleNamespace(name="NUCLEO-L4R5ZI")),
        SimpleNamespace(unique_id="2", associated_board_info=None),
    ]
    assert kits_by_probe(probes) == {"1": "NUCLEO-L4R5ZI"}


def test_the_loader_of_a_board_says_what_it_is() -> None:
    with start_virtual_board(load_board_type("nucleo_l4r5zi")) as device:
        assert board_type_that_answers(device.url, 115_200) == "nucleo_l4r5zi"


def test_a_board_without_anything_of_ours_says_nothing() -> None:
    with start_virtual_board(load_board_type("nucleo_l476rg")) as device:  # its flash is erased
        assert board_type_that_answers(device.url, 115_200) is None
