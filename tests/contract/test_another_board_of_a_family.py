"""Another board of a known family is one YAML file: built, flashed through its loader and run, with no line of code."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.config import board_catalogue
from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.errors import InputError
from orchestrator.toolchain.link import link_image
from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.timing.native_engine import best_engine
from tests.contract.example_model import example_model
from tests.contract.loader_bench import LoaderBench

NUCLEO_F401RE = """
title: ST NUCLEO-F401RE
chip: STM32F401RE
core: cortex-m4
fpu: fpv4-sp-d16
clock: 84MHz
port: stm32f4
memories:
  - {name: FLASH, kind: flash, origin: 0x08000000, size: 512KiB}
  - {name: SRAM, kind: ram, origin: 0x20000000, size: 96KiB}
flash:
  page: 4KiB
  sectors: [16KiB, 16KiB, 16KiB, 16KiB, 64KiB, 128KiB, 128KiB, 128KiB]
  endurance: 10000
  erase_s: 2.0
  wait_states: 2
console: {uart: USART2, baud: 115200, pins: [PA2, PA3]}
trigger: PA10
flashing: [serial-loader]
application_offset: 32KiB
documents: [UM1724 (board), DS10086 (data sheet), RM0368 (reference manual)]
"""

NUCLEO_L496ZG = """
title: ST NUCLEO-L496ZG
chip: STM32L496ZG
core: cortex-m4
fpu: fpv4-sp-d16
clock: 80MHz
port: stm32l4
memories:
  - {name: FLASH, kind: flash, origin: 0x08000000, size: 1MiB}
  - {name: SRAM, kind: ram, origin: 0x20000000, size: 320KiB}
flash: {page: 2KiB, endurance: 10000, wait_states: 4, erase_s: 0.0245}
console: {uart: LPUART1, baud: 115200, pins: [PG7, PG8]}
trigger: PF15
flashing: [serial-loader]
application_offset: 10KiB
documents: [UM2179 (board), DS11585 (data sheet), RM0351 (reference manual)]
"""


@dataclass(frozen=True)
class Folder:
    """Where board types are looked for."""

    path: Path

    def add(self, name: str, text: str) -> None:
        """Add one board type."""
        (self.path / name).mkdir()
        (self.path / name / "board.yaml").write_text(text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Folder]:
    monkeypatch.setattr(board_catalogue, "BOARDS_DIR", tmp_path)
    load_board_type.cache_clear()
    yield Folder(tmp_path)
    load_board_type.cache_clear()


@pytest.mark.parametrize(("name", "text"), [("nucleo_f401re", NUCLEO_F401RE), ("nucleo_l496zg", NUCLEO_L496ZG)])
def test_it_is_flashed_and_runs_without_a_complaint(
    folder: Folder, name: str, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder.add(name, text)
    assert board_type_names() == (name,)
    board = load_board_type(name)
    image = link_image(example_model(), board)
    bench = LoaderBench(board)
    caplog.clear()
    bench.flash(image)
    assert bench.model_hash() == image.model_hash
    assert bench.machine.chip.rcc.hclk_hz() == board.clock_hz
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []


def test_a_console_that_the_family_does_not_know_is_named_with_those_it_knows(folder: Folder) -> None:
    folder.add("odd", NUCLEO_F401RE.replace("USART2", "USART6"))
    board = load_board_type("odd")
    rule = r"port 'stm32f4' has no console on 'USART6'; known: USART2, USART3"
    with pytest.raises(InputError, match=rule):
        link_image(example_model(), board)
    with pytest.raises(InputError, match=rule):
        Machine(board, "00" * 12, SerialLine(), best_engine())


def test_a_port_that_there_is_not_is_named_with_those_that_there_are(folder: Folder) -> None:
    folder.add("odd", NUCLEO_F401RE.replace("stm32f4", "stm32f9"))
    with pytest.raises(InputError, match=r"unknown port 'stm32f9'; known: .*stm32f4"):
        link_image(example_model(), load_board_type("odd"))


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        ("trigger: PA10", "trigger: D2", "a pin must be named like PA10"),
        ("pins: [PA2, PA3]", "pins: [PA2]", "pins"),
        ("trigger: PA10\n", "", "trigger"),
        ("page: 4KiB", "page: 4KiB\n  program: 24B", "flash.program: must be a multiple of 8 that divides a page"),
    ],
)
def test_a_mistake_in_its_pins_or_flash_is_named(folder: Folder, old: str, new: str, rule: str) -> None:
    folder.add("odd", NUCLEO_F401RE.replace(old, new))
    with pytest.raises(InputError, match=rule):
        load_board_type("odd")
