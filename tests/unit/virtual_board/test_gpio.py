"""A port's outputs as the outside sees them: the trigger of a power meter hangs on one."""

import pytest

from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.peripherals.gpio import BRR, BSRR, IDR, MODER, ODR, Gpio

PIN = 10
AS_OUTPUT = 1 << (2 * PIN)


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def port(told: list[bool]) -> Gpio:
    port = Gpio()
    port.watch(PIN, told.append)
    return port


def test_an_output_is_told_as_it_rises_and_falls(port: Gpio, told: list[bool]) -> None:
    port.write(MODER, AS_OUTPUT)
    port.write(BSRR, 1 << PIN)
    port.write(BSRR, 1 << PIN)
    assert (told, port.read(IDR)) == ([True], 1 << PIN)
    port.write(BSRR, 1 << (PIN + 16))
    port.write(ODR, 1 << PIN)
    port.write(BRR, 1 << PIN)
    assert told == [True, False, True, False]


def test_a_pin_that_is_no_output_drives_nothing(port: Gpio, told: list[bool]) -> None:
    port.write(BSRR, 1 << PIN)
    assert told == []
    port.write(MODER, AS_OUTPUT)
    port.write(MODER, 0)
    assert told == [True, False]


def test_other_pins_and_a_reset(port: Gpio, told: list[bool]) -> None:
    port.write(MODER, AS_OUTPUT | 1)
    port.write(BSRR, 1)
    assert told == []
    port.write(BSRR, 1 << PIN)
    port.reset()
    assert told == [True, False]


@pytest.mark.parametrize(("name", "pin"), [("PA10", Pin(0, 10)), ("PG7", Pin(6, 7)), ("P0.06", Pin(0, 6))])
def test_pins_are_named_as_data_sheets_do(name: str, pin: Pin) -> None:
    assert Pin.named(name) == pin


@pytest.mark.parametrize("name", ["A10", "PA", "P0", "PA100", "D2", "pa1"])
def test_what_is_no_pin_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="must be named like PA10"):
        Pin.named(name)
