"""The STM32G071 at register level: clock, console, the timer that counts cycles."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import flash_interface, gpio, rcc_g0, timer, usart
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.stm32g0 import Stm32G0

PLL_64_MHZ = 1 << 29 | 1 << 28 | 8 << 8 | 2
FROM_PLL = 2


class Time:
    """Core cycles, as the test sets them."""

    def __init__(self) -> None:
        self.cycles = 0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def told() -> list[AccessControl]:
    return []


@pytest.fixture
def line() -> SerialLine:
    line = SerialLine()
    line.host_format = LineFormat(115_200.0, "N")
    return line


@pytest.fixture
def chip(line: SerialLine, time: Time, told: list[AccessControl]) -> Stm32G0:
    clock = BoardClock(lambda: time.cycles, lambda cycles: None)
    board = load_board_type("nucleo_g071rb")
    return Stm32G0(board, "00" * 12, line, clock, told.append, lambda: None, lambda: None)


def run_at_64_mhz(chip: Stm32G0, wait_states: int = 2) -> None:
    chip.flash_interface.write(flash_interface.ACR, 3 << 8 | 1 << 10 | wait_states)
    chip.rcc.write(rcc_g0.PLLCFGR, PLL_64_MHZ)
    chip.rcc.write(rcc_g0.CFGR, FROM_PLL)


def test_the_way_to_64_mhz_is_taken_without_a_complaint(chip: Stm32G0, caplog: pytest.LogCaptureFixture) -> None:
    assert chip.rcc.hclk_hz() == 16e6
    run_at_64_mhz(chip)
    assert chip.rcc.hclk_hz() == 64e6
    assert chip.rcc.read(rcc_g0.CFGR) >> 3 & 7 == FROM_PLL
    assert not caplog.records


def test_too_few_wait_states_are_logged(chip: Stm32G0, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        run_at_64_mhz(chip, wait_states=1)
    assert "good for 48" in caplog.text


def test_no_data_are_cached_whatever_is_written(chip: Stm32G0, told: list[AccessControl]) -> None:
    run_at_64_mhz(chip)
    assert told[-1] == AccessControl(wait_states=2, prefetch=True, instruction_cache=True, data_cache=False)


def test_the_console_speaks_through_pins_switched_to_function_1(chip: Stm32G0, line: SerialLine) -> None:
    run_at_64_mhz(chip)
    chip.usart.write(usart.BRR, round(64e6 / 115_200))
    chip.usart.write(usart.CR1, usart.UE | usart.TE)
    chip.usart.write(usart.TDR, ord("a"))
    chip.gpios[0].write(gpio.MODER, 0xA0)
    chip.gpios[0].write(gpio.AFRL, 0x1100)
    chip.usart.write(usart.TDR, ord("b"))
    assert line.to_host == b"b"


def test_the_timer_counts_cycles_while_it_is_on(chip: Stm32G0, time: Time) -> None:
    time.cycles = 1000
    assert chip.timer.read(timer.CNT) == 0
    chip.timer.write(timer.CR1, timer.CEN)
    time.cycles = 1500
    assert chip.timer.read(timer.CNT) == 500
    chip.timer.write(timer.CNT, 2**32 - 100)
    time.cycles = 1650
    assert chip.timer.read(timer.CNT) == 50  # modulo 2^32
    chip.timer.write(timer.CR1, 0)
    time.cycles = 9000
    assert chip.timer.read(timer.CNT) == 50


def test_the_timer_divides_the_clock(chip: Stm32G0, time: Time) -> None:
    chip.timer.write(timer.PSC, 63)
    chip.timer.write(timer.CR1, timer.CEN)
    time.cycles = 6400
    assert chip.timer.read(timer.CNT) == 100
