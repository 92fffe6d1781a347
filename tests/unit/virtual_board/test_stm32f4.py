"""The STM32F446 at register level: the way to 180 MHz, the older USART, the flash with its sectors."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.peripherals import flash_interface_f4 as flash
from orchestrator.virtual_board.peripherals import gpio, power_f4, rcc_f4
from orchestrator.virtual_board.peripherals import usart_v1 as usart
from orchestrator.virtual_board.peripherals.flash_interface import ACR, KEYS
from orchestrator.virtual_board.peripherals.usart import RE, RXNE, RXNEIE, TC, TE
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.stm32f4 import Stm32F4

ORIGIN = 0x0800_0000
KIB = 1024
STARTS = [0, 16, 32, 48, 64, 128, 256, 384, 512]
PLL_180_MHZ_FROM_HSI = 8 | 180 << 6 | 8 << 24 | 2 << 28
BUSES, FROM_PLL = 5 << 10 | 4 << 13, 2
OVER_DRIVE = 0xC000 | power_f4.OVER_DRIVE | power_f4.OVER_DRIVE_SWITCHED
DIVIDER = round(45e6 / 115_200)
WORDS = 2 << flash.PSIZE_SHIFT


class Array:
    """Flash that keeps what it is told, double word by double word."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}
        self.erased: list[int] = []
        self.takes_stores = False

    def erase(self, first_page: int, pages: int) -> None:
        self.erased += range(first_page, first_page + pages)

    def page_of(self, address: int) -> int:
        return sum(start * KIB <= address - ORIGIN for start in STARTS) - 1

    def page_bytes(self, page: int) -> int:
        return (STARTS[page + 1] - STARTS[page]) * KIB

    def allow_stores(self, allowed: bool) -> None:
        self.takes_stores = allowed

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        raise AssertionError("this flash is programmed by single stores")

    def restore(self, address: int, before: bytes) -> None:
        self.content[address] = before

    def hold(self, address: int, content: bytes) -> None:
        self.content[address] = content

    def double_word(self, address: int) -> bytes:
        return self.content.get(address, b"\xff" * 8)


@pytest.fixture
def line() -> SerialLine:
    line = SerialLine()
    line.host_format = LineFormat(115_200.0, "N")
    return line


@pytest.fixture
def array() -> Array:
    return Array()


@pytest.fixture
def clock() -> BoardClock:
    return BoardClock(lambda: 0, lambda cycles: None)


@pytest.fixture
def chip(line: SerialLine, array: Array, clock: BoardClock) -> Stm32F4:
    board = load_board_type("nucleo_f446re")
    chip = Stm32F4(board, "00112233445566778899aabb", line, clock, lambda a: None, lambda: None, lambda: None)
    chip.flash_interface.attach(array)
    return chip


def run_at_180_mhz(chip: Stm32F4) -> None:
    chip.power.write(power_f4.CR, OVER_DRIVE)
    chip.flash_interface.write(ACR, 5)
    chip.rcc.write(rcc_f4.PLLCFGR, PLL_180_MHZ_FROM_HSI)
    chip.rcc.write(rcc_f4.CFGR, BUSES)
    chip.rcc.write(rcc_f4.CFGR, BUSES | FROM_PLL)


def open_console(chip: Stm32F4) -> None:
    run_at_180_mhz(chip)
    chip.gpios[0].write(gpio.MODER, 0xA0)
    chip.gpios[0].write(gpio.AFRL, 0x7700)
    chip.usart.write(usart.BRR, DIVIDER)
    chip.usart.write(usart.CR1, usart.UE | TE | RE | RXNEIE)


def unlock(chip: Stm32F4) -> flash.FlashInterfaceF4:
    for key in KEYS:
        chip.flash_interface.write(flash.KEYR, key)
    assert isinstance(chip.flash_interface, flash.FlashInterfaceF4)
    return chip.flash_interface


def test_the_way_to_180_mhz_is_taken_without_a_complaint(chip: Stm32F4, caplog: pytest.LogCaptureFixture) -> None:
    assert chip.rcc.hclk_hz() == 16e6
    run_at_180_mhz(chip)
    assert (chip.rcc.hclk_hz(), chip.rcc.bus_hz(rcc_f4.APB1), chip.rcc.bus_hz(rcc_f4.APB2)) == (180e6, 45e6, 90e6)
    assert not caplog.records


def test_the_st_link_s_clock_can_be_the_source(chip: Stm32F4) -> None:
    run_at_180_mhz(chip)
    chip.rcc.write(rcc_f4.PLLCFGR, rcc_f4.PLL_FROM_HSE | 4 | 180 << 6)
    assert chip.rcc.hclk_hz() == 180e6


@pytest.mark.parametrize(
    ("cr", "wait_states", "buses", "complaint"),
    [
        (OVER_DRIVE & ~power_f4.OVER_DRIVE, 5, BUSES, "good for 168"),
        (OVER_DRIVE, 4, BUSES, "good for 150"),
        (OVER_DRIVE, 5, 4 << 10 | 4 << 13, "APB1 or APB2"),
        (OVER_DRIVE, 5, 5 << 10, "APB1 or APB2"),
    ],
)
def test_a_clock_too_fast_for_voltage_flash_or_bus_is_logged(
    chip: Stm32F4, caplog: pytest.LogCaptureFixture, cr: int, wait_states: int, buses: int, complaint: str
) -> None:
    chip.power.write(power_f4.CR, cr)
    chip.flash_interface.write(ACR, wait_states)
    chip.rcc.write(rcc_f4.PLLCFGR, PLL_180_MHZ_FROM_HSI)
    with caplog.at_level(logging.ERROR):
        chip.rcc.write(rcc_f4.CFGR, buses | FROM_PLL)
    assert complaint in caplog.text


def test_over_drive_is_ready_before_it_is_switched(chip: Stm32F4) -> None:
    chip.power.write(power_f4.CR, 0xC000 | power_f4.OVER_DRIVE_SWITCHED)
    assert not chip.power.read(power_f4.CSR) & power_f4.OVER_DRIVE_SWITCHED
    chip.power.write(power_f4.CR, OVER_DRIVE)
    both = power_f4.OVER_DRIVE | power_f4.OVER_DRIVE_SWITCHED
    assert chip.power.read(power_f4.CSR) & both == both


def test_bytes_go_both_ways_through_the_same_register(chip: Stm32F4, line: SerialLine) -> None:
    open_console(chip)
    chip.usart.write(usart.DR, ord("x"))
    assert line.to_host == b"x"
    line.send_to_target(b"y")
    assert not chip.usart.has_interrupt()
    chip.usart.receive()
    assert chip.usart.has_interrupt()
    assert chip.usart.read(usart.SR) & (RXNE | TC) == RXNE | TC
    assert chip.usart.read(usart.DR) == ord("y")
    assert not chip.usart.read(usart.SR) & RXNE


def test_a_byte_takes_ten_bits_of_the_core_s_time(chip: Stm32F4, line: SerialLine) -> None:
    open_console(chip)
    line.send_to_target(b"ab")
    chip.usart.receive()
    chip.usart.read(usart.DR)
    assert chip.usart.next_byte_at() == 10 * 4 * DIVIDER


def test_the_bit_that_enables_newer_usarts_enables_nothing(chip: Stm32F4, line: SerialLine) -> None:
    open_console(chip)
    chip.usart.write(usart.CR1, 1 | TE | RE)
    chip.usart.write(usart.DR, ord("x"))
    assert line.to_host == b""


def test_id_and_size_of_the_flash_are_where_the_manual_says(chip: Stm32F4) -> None:
    words = [chip.read_factory_words(0x1FFF_7A10 + 4 * index, 4) for index in range(3)]
    assert words == [bytes.fromhex(word)[::-1] for word in ("00112233", "44556677", "8899aabb")]
    assert chip.read_factory_words(0x1FFF_7A22, 2) == (512).to_bytes(2, "little")


@pytest.mark.parametrize(("sector", "seconds"), [(3, 0.25), (4, 0.55), (7, 1.0)])
def test_a_sector_takes_its_time(chip: Stm32F4, array: Array, clock: BoardClock, sector: int, seconds: float) -> None:
    run_at_180_mhz(chip)
    interface = unlock(chip)
    interface.write(flash.CR, flash.SER | WORDS | sector << flash.SNB_SHIFT | flash.STRT)
    assert array.erased == [sector]
    assert clock.now() == round(seconds * 180e6)
    assert interface.read(flash.SR) == flash.BSY
    assert interface.read(flash.SR) == 0


def test_without_the_keys_nothing_happens(chip: Stm32F4, array: Array) -> None:
    interface = chip.flash_interface
    interface.write(flash.CR, flash.SER | flash.STRT)
    interface.write(flash.KEYR, KEYS[1])
    for key in KEYS:
        interface.write(flash.KEYR, key)  # too late: a wrong key locks until the next reset
    interface.write(flash.CR, flash.PG | WORDS)
    assert interface.read(flash.CR) & flash.LOCK
    assert array.erased == [] and not array.takes_stores


def test_programming_clears_bits_and_sets_none(chip: Stm32F4, array: Array) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG | WORDS)
    interface.store(ORIGIN + 4, 4, 0x0000_FFFF)
    interface.store(ORIGIN + 4, 4, 0xFF00_00FF)
    assert interface.read(flash.SR) & flash.BSY
    assert array.content == {ORIGIN: b"\xff\xff\xff\xff\xff\x00\x00\x00"}


@pytest.mark.parametrize(
    ("address", "size_bytes", "error"),
    [(ORIGIN, 2, flash.PGPERR), (ORIGIN + 2, 4, flash.PGAERR), (ORIGIN + 16 * KIB, 4, flash.WRPERR)],
)
def test_a_store_of_the_wrong_form_or_place_is_refused(
    chip: Stm32F4, array: Array, address: int, size_bytes: int, error: int
) -> None:
    interface = unlock(chip)
    interface.write(flash.OPTCR, flash.OPTCR_RESET & ~(1 << (flash.PROTECTION_SHIFT + 1)))
    interface.write(flash.CR, flash.PG | WORDS)
    interface.store(address, size_bytes, 0)
    assert interface.read(flash.SR) == error
    assert set(array.content.values()) == {b"\xff" * 8}
    interface.write(flash.SR, error)
    assert interface.read(flash.SR) == 0


def test_a_reset_in_the_middle_of_a_store_leaves_the_word_erased(chip: Stm32F4, array: Array) -> None:
    interface = unlock(chip)
    interface.write(flash.CR, flash.PG | WORDS)
    interface.store(ORIGIN, 4, 1)
    chip.reset()
    assert array.content[ORIGIN] == b"\xff" * 8
    assert chip.flash_interface.read(flash.CR) == flash.LOCK
