"""Where the STM32F746 differs from the STM32F446."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import power_f4, rcc_f4
from orchestrator.virtual_board.peripherals.flash_interface import ACR, AccessControl
from orchestrator.virtual_board.peripherals.flash_interface_f4 import ERASE_S_OF_F7
from orchestrator.virtual_board.serial_line import SerialLine
from orchestrator.virtual_board.stm32f7 import Stm32F7

PLL_216_MHZ_FROM_HSI = 8 | 216 << 6 | 8 << 24
BUSES, FROM_PLL = 5 << 10 | 4 << 13, 2
OVER_DRIVE = 0xC000 | power_f4.OVER_DRIVE | power_f4.OVER_DRIVE_SWITCHED
BOARD = load_board_type("nucleo_f746zg")


@pytest.fixture
def told() -> list[AccessControl]:
    return []


@pytest.fixture
def chip(told: list[AccessControl]) -> Stm32F7:
    clock = BoardClock(lambda: 0, lambda cycles: None)
    return Stm32F7(BOARD, "00" * 12, SerialLine(), clock, told.append, lambda: None, lambda: None)


def run_at_216_mhz(chip: Stm32F7, power: int = OVER_DRIVE, wait_states: int = 7) -> None:
    chip.power.write(power_f4.CR, power)
    chip.flash_interface.write(ACR, wait_states)
    chip.rcc.write(rcc_f4.PLLCFGR, PLL_216_MHZ_FROM_HSI)
    chip.rcc.write(rcc_f4.CFGR, BUSES)
    chip.rcc.write(rcc_f4.CFGR, BUSES | FROM_PLL)


def test_the_way_to_216_mhz_is_taken_without_a_complaint(chip: Stm32F7, caplog: pytest.LogCaptureFixture) -> None:
    run_at_216_mhz(chip)
    assert (chip.rcc.hclk_hz(), chip.rcc.bus_hz(rcc_f4.APB1), chip.rcc.bus_hz(rcc_f4.APB2)) == (216e6, 54e6, 108e6)
    assert not caplog.records


@pytest.mark.parametrize(("power", "wait_states", "limit"), [(0xC000, 7, "180"), (OVER_DRIVE, 6, "210")])
def test_a_clock_too_fast_for_voltage_or_flash_is_logged(
    chip: Stm32F7, caplog: pytest.LogCaptureFixture, power: int, wait_states: int, limit: str
) -> None:
    with caplog.at_level(logging.ERROR):
        run_at_216_mhz(chip, power, wait_states)
    assert f"good for {limit}" in caplog.text


def test_prefetch_and_accelerator_are_not_on_the_way_that_is_read(chip: Stm32F7, told: list[AccessControl]) -> None:
    chip.flash_interface.write(ACR, 3 << 8 | 7)
    assert told[-1] == AccessControl(7, prefetch=False, instruction_cache=False, data_cache=False)


def test_the_cycle_counter_is_locked_until_its_key_comes(chip: Stm32F7) -> None:
    chip.dwt.write(0x000, 1)
    assert chip.dwt.read(0xFB4) == 3
    assert chip.dwt.read(0x000) & 1 == 0
    chip.dwt.write(0xFB0, 0xC5AC_CE55)
    chip.dwt.write(0x000, 1)
    assert chip.dwt.read(0xFB4) == 1
    assert chip.dwt.read(0x000) & 1


def test_the_data_cache_tells_its_size_and_every_sector_has_a_time_to_be_erased(chip: Stm32F7) -> None:
    assert chip.scb.read(0x80) == 0xF003_E019  # ARM DDI 0489 table 3-7: 4 KB
    assert set(BOARD.flash.sectors_bytes) == set(ERASE_S_OF_F7)
