"""Where the STM32L4R5 differs from the STM32L476."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import flash_interface, gpio, power_l4, rcc_l4, usart
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.stm32l4plus import Stm32L4Plus

PLL_120_MHZ = 1 << 24 | 15 << 8 | 2
FROM_PLL, HALF = 3, 8 << 4


@pytest.fixture
def line() -> SerialLine:
    line = SerialLine()
    line.host_format = LineFormat(115_200.0, "N")
    return line


@pytest.fixture
def chip(line: SerialLine) -> Stm32L4Plus:
    board = load_board_type("nucleo_l4r5zi")
    clock = BoardClock(lambda: 0, lambda cycles: None)
    return Stm32L4Plus(board, "00" * 12, line, clock, lambda access: None, lambda: None, lambda: None)


def run_at_120_mhz(chip: Stm32L4Plus) -> None:
    chip.power.write(power_l4.CR5, 0)
    chip.flash_interface.write(flash_interface.ACR, 5)
    chip.rcc.write(rcc_l4.PLLCFGR, PLL_120_MHZ)
    chip.rcc.write(rcc_l4.CFGR, FROM_PLL)


def open_console(chip: Stm32L4Plus, divider: int) -> None:
    chip.gpios[6].write(gpio.MODER, 10 << 14)
    chip.gpios[6].write(gpio.AFRL, 8 << 28)
    chip.gpios[6].write(gpio.AFRL + 4, 8)
    chip.usart.write(usart.BRR, divider)
    chip.usart.write(usart.CR1, usart.UE | usart.TE | usart.RE)


def test_one_bit_of_the_console_takes_a_256th_of_its_divider(chip: Stm32L4Plus, line: SerialLine) -> None:
    run_at_120_mhz(chip)
    chip.power.write(power_l4.CR2, power_l4.IOSV)
    open_console(chip, 256 * 120_000_000 // 115_200)
    chip.usart.write(usart.TDR, ord("x"))
    assert line.to_host == b"x"


def test_nothing_leaves_port_g_before_its_supply_is_declared_valid(chip: Stm32L4Plus, line: SerialLine) -> None:
    run_at_120_mhz(chip)
    open_console(chip, 256 * 120_000_000 // 115_200)
    chip.usart.write(usart.TDR, ord("x"))
    assert line.to_host == b""


def test_the_way_to_120_mhz_is_taken_without_a_complaint(chip: Stm32L4Plus, caplog: pytest.LogCaptureFixture) -> None:
    run_at_120_mhz(chip)
    assert chip.rcc.hclk_hz() == 120e6
    assert not caplog.records


@pytest.mark.parametrize(("wait_states", "cr5", "limit"), [(5, power_l4.R1MODE, "80"), (3, 0, "80"), (4, 0, "100")])
def test_a_clock_too_fast_for_voltage_or_flash_is_logged(
    chip: Stm32L4Plus, caplog: pytest.LogCaptureFixture, wait_states: int, cr5: int, limit: str
) -> None:
    chip.power.write(power_l4.CR5, cr5)
    chip.flash_interface.write(flash_interface.ACR, wait_states)
    chip.rcc.write(rcc_l4.PLLCFGR, PLL_120_MHZ)
    chip.rcc.write(rcc_l4.CFGR, HALF | FROM_PLL)
    assert not caplog.records
    with caplog.at_level(logging.ERROR):
        chip.rcc.write(rcc_l4.CFGR, FROM_PLL)
    assert f"120 MHz, but its voltage and the flash's wait states are good for {limit}" in caplog.text
