from dataclasses import replace
from pathlib import Path

import pytest

from orchestrator.config.flash_options import named_commands
from orchestrator.config.hardware_map import read_hardware_map
from orchestrator.domain.errors import InputError
from orchestrator.domain.flash_options import ControlLine, FlashOptions, ModemLine, ResetWiring
from orchestrator.domain.mapped_device import MappedDevice
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.meter import MeterSetup

ROW = "- {id: a, platform: nucleo_l476rg, serial: /dev/serial/by-id/usb-ST}\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "hardware-map.yaml"
    path.write_text(text)
    return path


def test_a_row_is_read_with_its_defaults(tmp_path: Path) -> None:
    assert read_hardware_map(written(tmp_path, ROW)) == (
        MappedDevice("a", "nucleo_l476rg", "/dev/serial/by-id/usb-ST"),
    )


def test_a_map_as_twister_writes_it_is_read(tmp_path: Path) -> None:
    (tmp_path / "power-on.sh").write_text("#!/bin/sh\n")
    text = """
- connected: true
  id: 0662FF484851717867142537
  platform: nucleo_l476rg
  product: STM32 STLink
  runner: serial-loader
  runner_params: [reset=dtr]
  serial: rfc2217://127.0.0.1:4000
  baud: 921600
  probe_id: 66
  fixtures: [power-meter]
  notes: second shelf
  pre_script: power-on.sh
  flash_timeout: 60
  flash_with_test: true
- {connected: false, id: 7, platform: nucleo_l4r5zi, serial: null-modem, runner: null}
"""
    first, second = read_hardware_map(written(tmp_path, text))
    assert first.id == "0662FF484851717867142537"
    assert (first.baud, first.probe_id, first.flash_timeout_s) == (921600, "66", 60.0)
    assert first.pre_script == tmp_path / "power-on.sh"
    assert (second.id, second.connected, second.runner) == ("7", False, None)


def test_runner_and_its_parameters_say_how_a_unit_is_flashed(tmp_path: Path) -> None:
    text = ROW.replace(
        "}", ", runner: stm32-serial, runner_params: [reset=not-rts, boot0=none, 'bauds=[9600]']}"
    ) + ROW.replace("id: a", "id: b").replace("ST}", "b, runner: openocd, probe_id: 66, flash_timeout: 9}")
    first, second = read_hardware_map(written(tmp_path, text))
    wiring = ResetWiring(ControlLine(ModemLine.RTS, active_when_asserted=False), None)
    assert first.flash == FlashOptions(method="stm32-serial", wiring=wiring, bauds=(9600,))
    assert (second.flash.method, second.flash.probe_id) == ("command", "66")
    assert second.flash.command == replace(named_commands()["openocd"], timeout_s=9.0)


def test_a_board_that_is_no_dev_kit_says_what_counts_its_cycles(tmp_path: Path) -> None:
    assert read_hardware_map(written(tmp_path, ROW))[0].cycles_source is CyclesSource.SILICON
    row = ROW.replace("}", ", cycles_source: virtual-timing-model}")
    assert read_hardware_map(written(tmp_path, row))[0].cycles_source is CyclesSource.VIRTUAL


def test_a_meter_is_read_with_its_voltage(tmp_path: Path) -> None:
    row = ROW.replace("}", ", meter: {serial: /dev/serial/by-id/usb-PPK2, voltage: 1800mV, source: true}}")
    (device,) = read_hardware_map(written(tmp_path, row))
    assert device.meter == MeterSetup("/dev/serial/by-id/usb-PPK2", pytest.approx(1.8), is_source=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id: a\n", "must hold a list of boards"),
        ("- [a\n", "not valid YAML"),
        (ROW.replace("serial", "seral"), "did you mean 'serial'?"),
        (ROW.replace("nucleo_l476rg", "nucleo_l475rg"), "did you mean 'nucleo_l476rg'?"),
        (ROW.replace("serial/by-id/usb-ST", "ttyACM0"), "/dev/serial/by-id/"),
        (ROW.replace("id: a", "id: ../a"), "id:"),
        (ROW.replace("}", ", pre_script: missing.sh}"), "there is no file"),
        (ROW.replace("}", ", baud: 0}"), "baud"),
        (ROW.replace("}", ", runner: jtag}"), "a: runner or runner_params: method: input should be 'stm32-serial'"),
        (ROW.replace("}", ", runner_params: [rest=dtr]}"), "did you mean 'reset'"),
        (
            ROW.replace("}", ", meter: {serial: /dev/ttyACM3, voltage: 3.3V}}"),
            "meter.serial: must be a name that stays",
        ),
        (ROW.replace("}", ", meter: {serial: socket://host:1, voltage: 3.3}}"), "must have one of the units V, mV"),
        (ROW.replace("}", ", meter: {serial: socket://host:1}}"), "voltage"),
        (ROW.replace("}", ", cycles_source: guess}"), "cycles_source"),
        (ROW + ROW.replace("usb-ST", "usb-other"), "id: must differ"),
        (ROW + ROW.replace("id: a", "id: b"), "serial: must differ"),
    ],
)
def test_a_mistake_is_named_in_one_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        read_hardware_map(written(tmp_path, text))
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path))
    assert "\n" not in str(caught.value)


def test_two_rows_may_share_a_port_if_one_is_not_connected(tmp_path: Path) -> None:
    text = ROW + ROW.replace("id: a", "id: b, connected: false")
    assert len(read_hardware_map(written(tmp_path, text))) == 2


def test_a_row_without_a_board_type_cannot_be_connected(tmp_path: Path) -> None:
    row = "- {id: a, platform: unknown, serial: /dev/serial/by-id/usb-ST, connected: CONNECTED}\n"
    (shelved,) = read_hardware_map(written(tmp_path, row.replace("CONNECTED", "false")))
    assert shelved.platform == "unknown"
    for text in (row.replace("CONNECTED", "true"), row.replace(", connected: CONNECTED", "")):
        with pytest.raises(InputError, match="connected: must be false until `platform` is a board type"):
            read_hardware_map(written(tmp_path, text))
