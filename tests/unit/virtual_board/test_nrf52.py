"""The nRF52840 at register level: crystal, pins, the UART with its events, the NVMC."""

import logging

import pytest

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.clock import BoardClock
from orchestrator.virtual_board.nrf52 import Nrf52
from orchestrator.virtual_board.peripherals import clock_nrf, nvic, nvmc
from orchestrator.virtual_board.peripherals import gpio_nrf as gpio
from orchestrator.virtual_board.peripherals import uart_nrf as uart
from orchestrator.virtual_board.peripherals.flash_interface import AccessControl
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine

TXD_PIN, RXD_PIN = 6, 8
BAUDRATE_115200, BAUDRATE_921600 = 0x01D7_E000, 0x0EBE_D000
RX_INTERRUPT = uart.INTEN_OF_EVENT[uart.RXDRDY]
ERASED = b"\xff" * 8


class Array:
    """Flash that keeps what it is told, double word by double word."""

    def __init__(self) -> None:
        self.content: dict[int, bytes] = {}
        self.erased: list[int] = []
        self.takes_stores = False

    def erase(self, first_page: int, pages: int) -> None:
        self.erased += range(first_page, first_page + pages)

    def page_of(self, address: int) -> int:
        return address // 4096

    def page_bytes(self, page: int) -> int:
        return 4096

    def allow_stores(self, allowed: bool) -> None:
        self.takes_stores = allowed

    def take_double_word(self, address: int, data: bytes, before: bytes) -> bool:
        raise AssertionError("this flash is written by single words")

    def restore(self, address: int, before: bytes) -> None:
        self.content[address] = before

    def hold(self, address: int, content: bytes) -> None:
        self.content[address] = content

    def double_word(self, address: int) -> bytes:
        return self.content.get(address, ERASED)


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
def told() -> list[AccessControl]:
    return []


@pytest.fixture
def chip(line: SerialLine, array: Array, clock: BoardClock, told: list[AccessControl]) -> Nrf52:
    board = load_board_type("nrf52840dk")
    chip = Nrf52(board, "00112233445566778899aabb", line, clock, told.append, lambda: None, lambda: None)
    chip.flash_interface.attach(array)
    return chip


def connect_pins(chip: Nrf52) -> None:
    chip.gpio.write(gpio.DIRSET, 1 << TXD_PIN)
    chip.gpio.write(gpio.PIN_CNF + 4 * RXD_PIN, 3 << 2)
    chip.usart.write(uart.PSEL_TXD, TXD_PIN)
    chip.usart.write(uart.PSEL_RXD, RXD_PIN)


def open_console(chip: Nrf52, interrupts: int = RX_INTERRUPT) -> None:
    connect_pins(chip)
    chip.usart.write(uart.BAUDRATE, BAUDRATE_115200)
    chip.usart.write(uart.ENABLE, uart.ENABLED)
    chip.usart.write(uart.STARTTX, 1)
    chip.usart.write(uart.STARTRX, 1)
    chip.usart.write(uart.INTENSET, interrupts)


def test_the_crystal_takes_over_and_the_core_keeps_its_64_mhz(chip: Nrf52) -> None:
    assert chip.rcc.read(clock_nrf.HFCLKSTAT) == clock_nrf.RUNNING
    chip.rcc.write(clock_nrf.HFCLKSTART, 1)
    assert chip.rcc.read(clock_nrf.HFCLKSTARTED) == 1
    assert chip.rcc.read(clock_nrf.HFCLKSTAT) == clock_nrf.RUNNING | clock_nrf.CRYSTAL
    assert chip.rcc.hclk_hz() == 64e6
    chip.rcc.write(clock_nrf.HFCLKSTOP, 1)
    assert not chip.rcc.read(clock_nrf.HFCLKSTAT) & clock_nrf.CRYSTAL


def test_a_pin_s_direction_is_seen_in_both_of_its_registers(chip: Nrf52) -> None:
    chip.gpio.write(gpio.PIN_CNF + 4 * 3, gpio.IS_OUTPUT)
    assert chip.gpio.read(gpio.DIR) == 1 << 3
    chip.gpio.write(gpio.DIRCLR, 1 << 3)
    assert chip.gpio.read(gpio.PIN_CNF + 4 * 3) == 0
    chip.gpio.write(gpio.DIRSET, 1 << 4)
    assert chip.gpio.read(gpio.PIN_CNF + 4 * 4) == gpio.IS_OUTPUT | gpio.INPUT_DISCONNECTED


def test_the_ports_lie_behind_each_other_and_drive_what_is_an_output(chip: Nrf52) -> None:
    for pin in (Pin.named("P0.31"), Pin.named("P1.02")):
        base = gpio.PORT_BYTES * pin.port
        chip.gpio.write(base + gpio.OUTSET, 1 << pin.number)
        assert not chip.gpio.is_driven_high(pin)
        chip.gpio.write(base + gpio.DIRSET, 1 << pin.number)
        assert chip.gpio.is_driven_high(pin)
    assert not chip.gpio.is_output(Pin.named("P0.02"))
    chip.gpio.write(gpio.PORT_BYTES + gpio.OUTCLR, 1 << 2)
    assert not chip.gpio.is_driven_high(Pin.named("P1.02"))


def test_the_trigger_is_told_when_it_is_driven(chip: Nrf52) -> None:
    told: list[bool] = []
    chip.on_trigger.append(told.append)
    chip.gpio.write(gpio.PORT_BYTES + gpio.OUTSET, 1 << 3)
    assert told == []
    chip.gpio.write(gpio.PORT_BYTES + gpio.DIRSET, 1 << 3)
    chip.gpio.write(gpio.OUTCLR, 1 << 3)  # of the other port
    assert told == [True]
    chip.reset()
    assert told == [True, False]


def test_priorities_have_three_bits(chip: Nrf52) -> None:
    chip.nvic.write(nvic.IPR, 0xFF << 16)  # interrupt 2
    assert chip.nvic.priority(nvic.FIRST_IRQ + 2) == 0xE0


@pytest.mark.parametrize(("baudrate", "baud"), [(BAUDRATE_115200, 115_942), (BAUDRATE_921600, 941_176)])
def test_the_line_runs_at_the_rate_that_nordic_s_header_gives(
    chip: Nrf52, line: SerialLine, baudrate: int, baud: int
) -> None:
    open_console(chip)
    chip.usart.write(uart.BAUDRATE, baudrate)
    line.host_format = LineFormat(baud / 1.0399, "N")
    chip.usart.write(uart.TXD, ord("x"))
    line.host_format = LineFormat(baud / 1.0401, "N")
    chip.usart.write(uart.TXD, ord("x"))
    assert line.to_host[:1] == b"x" and line.to_host[1:] != b"x"


def test_a_byte_is_sent_and_reported(chip: Nrf52, line: SerialLine) -> None:
    open_console(chip)
    assert chip.usart.read(uart.TXDRDY) == 0
    chip.usart.write(uart.TXD, ord("x"))
    assert chip.usart.read(uart.TXDRDY) == 1
    assert line.to_host == b"x"


@pytest.mark.parametrize("forgotten", ["pins", "enable", "start"])
def test_what_was_forgotten_keeps_the_line_silent(chip: Nrf52, line: SerialLine, forgotten: str) -> None:
    open_console(chip)
    if forgotten == "pins":
        chip.gpio.write(gpio.DIRCLR, 1 << TXD_PIN)
    elif forgotten == "enable":
        chip.usart.write(uart.ENABLE, 8)  # the UARTE in the same place
    else:
        chip.usart.write(uart.STOPTX, 1)
    chip.usart.write(uart.TXD, ord("x"))
    assert line.to_host == b""


def test_what_waits_behind_rxd_moves_up_with_an_event_of_its_own(
    chip: Nrf52, line: SerialLine, clock: BoardClock
) -> None:
    open_console(chip)
    line.send_to_target(b"ab")
    chip.usart.receive()
    assert chip.usart.has_interrupt()
    clock.sleep_until(10_000)  # longer than a byte takes: 10 bits of 138 clocks of 4 cycles
    chip.usart.write(uart.RXDRDY, 0)
    assert not chip.usart.has_interrupt()
    assert chip.usart.read(uart.RXD) == ord("a")
    assert chip.usart.has_interrupt()
    chip.usart.write(uart.RXDRDY, 0)
    assert chip.usart.read(uart.RXD) == ord("b")
    assert not chip.usart.has_interrupt()


def test_a_byte_takes_its_time(chip: Nrf52, line: SerialLine) -> None:
    open_console(chip)
    line.send_to_target(b"ab")
    chip.usart.receive()
    chip.usart.write(uart.RXDRDY, 0)
    assert chip.usart.read(uart.RXD) == ord("a")
    assert chip.usart.read(uart.RXDRDY) == 0
    assert chip.usart.next_byte_at() == 10 * 138 * 4


def test_a_polling_reader_gets_bytes_at_once(chip: Nrf52, line: SerialLine) -> None:
    open_console(chip)
    chip.usart.write(uart.INTENCLR, RX_INTERRUPT)
    line.send_to_target(b"ab")
    for byte in b"ab":
        assert chip.usart.read(uart.RXDRDY) == 1
        chip.usart.write(uart.RXDRDY, 0)
        assert chip.usart.read(uart.RXD) == byte
    assert chip.usart.read(uart.RXDRDY) == 0
    assert chip.usart.idle_polls == 1


def test_a_frame_at_another_speed_is_reported(chip: Nrf52, line: SerialLine) -> None:
    open_console(chip)
    line.host_format = LineFormat(9600.0, "N")
    line.send_to_target(b"a")
    chip.usart.receive()
    assert chip.usart.read(uart.ERRORSRC) == uart.FRAMING
    chip.usart.write(uart.ERRORSRC, uart.FRAMING)
    assert chip.usart.read(uart.ERRORSRC) == 0


def test_id_and_size_of_the_flash_are_where_the_header_says(chip: Nrf52) -> None:
    words = [chip.read_factory_words(0x1000_0060 + 4 * index, 4) for index in range(2)]
    assert words == [bytes.fromhex(word)[::-1] for word in ("00112233", "44556677")]
    assert chip.read_factory_words(0x1000_0010, 4) == (4096).to_bytes(4, "little")
    assert chip.read_factory_words(0x1000_0014, 4) == (256).to_bytes(4, "little")
    assert chip.read_factory_words(0x1000_0100, 4) == (0x52840).to_bytes(4, "little")


def test_a_page_is_erased_where_erasing_is_enabled(chip: Nrf52, array: Array, clock: BoardClock) -> None:
    chip.flash_interface.write(nvmc.ERASEPAGE, 0x3000)
    chip.flash_interface.write(nvmc.CONFIG, nvmc.WRITE_ENABLED)
    chip.flash_interface.write(nvmc.ERASEPAGE, 0x3000)
    assert array.erased == []
    chip.flash_interface.write(nvmc.CONFIG, nvmc.ERASE_ENABLED)
    chip.flash_interface.write(nvmc.ERASEPAGE, 0x3000)
    assert array.erased == [3]
    assert clock.now() == round(0.085 * 64e6)
    assert [chip.flash_interface.read(nvmc.READY) for _ in range(2)] == [0, 1]


def test_writing_clears_bits_and_sets_none(chip: Nrf52, array: Array, clock: BoardClock) -> None:
    interface = chip.flash_interface
    interface.write(nvmc.CONFIG, nvmc.WRITE_ENABLED)
    assert array.takes_stores
    interface.store(0x3004, 4, 0x0000_FFFF)
    interface.store(0x3004, 4, 0xFF00_00FF)
    assert interface.read(nvmc.READY) == 0
    assert array.content == {0x3000: b"\xff\xff\xff\xff\xff\x00\x00\x00"}
    assert clock.now() == 2 * round(0.000041 * 64e6)
    interface.write(nvmc.CONFIG, 0)
    assert not array.takes_stores


def test_less_than_a_word_is_refused(chip: Nrf52, array: Array, caplog: pytest.LogCaptureFixture) -> None:
    chip.flash_interface.write(nvmc.CONFIG, nvmc.WRITE_ENABLED)
    with caplog.at_level(logging.ERROR):
        chip.flash_interface.store(0x3002, 2, 0)
        assert chip.flash_interface.read(nvmc.READY) == 1
    assert array.content == {0x3000: ERASED}
    assert "only whole words" in caplog.text


def test_a_reset_in_the_middle_of_a_store_leaves_the_word_erased(chip: Nrf52, array: Array) -> None:
    chip.flash_interface.write(nvmc.CONFIG, nvmc.WRITE_ENABLED)
    chip.flash_interface.store(0x3000, 4, 1)
    chip.reset()
    assert array.content[0x3000] == ERASED
    assert not array.takes_stores


def test_only_code_is_cached_and_only_when_told(chip: Nrf52, told: list[AccessControl]) -> None:
    chip.flash_interface.write(nvmc.ICACHECNF, nvmc.CACHE_ENABLED)
    chip.reset()
    assert [access.instruction_cache for access in told] == [True, False]
    assert not any(access.data_cache or access.prefetch for access in told)
