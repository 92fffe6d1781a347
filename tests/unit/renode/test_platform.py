"""A board type becomes a platform description of Renode."""

import re
from dataclasses import replace

import pytest

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.errors import InputError
from orchestrator.renode.families import FAMILIES
from orchestrator.renode.platform import factory_bytes, platform_description

L476 = load_board_type("nucleo_l476rg")
ID = bytes(range(12))


@pytest.mark.parametrize("name", board_type_names())
def test_every_board_type_has_a_platform(name: str) -> None:
    board = load_board_type(name)
    text = platform_description(board)
    text.encode("ascii")
    for memory in board.memories:
        assert f"@ sysbus {memory.origin:#x}\n    size: {memory.size_bytes:#x}\n" in text
    names = re.findall(r"^(\w+): ", text, re.MULTILINE)
    assert len(set(names)) == len(names)
    assert text.count("'''") % 2 == 0


def test_core_and_console_are_those_of_the_board() -> None:
    text = platform_description(L476)
    assert 'cpuType: "cortex-m4f"' in text
    assert "priorityMask: 0xf0" in text
    assert "console: UART.STM32F7_USART @ sysbus 0x40004400\n    frequency: 80000000\n    IRQ -> nvic@38" in text
    g071 = platform_description(load_board_type("nucleo_g071rb"))
    assert 'cpuType: "cortex-m0+"' in g071
    assert "priorityMask: 0xc0" in g071


def test_the_older_usart_is_told_its_size() -> None:
    text = platform_description(load_board_type("nucleo_f446re"))
    assert "console: UART.STM32_UART @ sysbus <0x40004400, +0x400>" in text


def test_the_factory_has_written_number_and_size() -> None:
    assert factory_bytes(L476, ID) == {0x1FFF_7590: ID, 0x1FFF_75E0: b"\x00\x04"}
    assert factory_bytes(load_board_type("nrf52840dk"), ID) == {
        0x1000_0060: ID[:8],
        0x1000_0010: b"\x00\x10",
        0x1000_0014: b"\x00\x01",
    }


def test_what_is_not_known_is_refused_with_what_is() -> None:
    with pytest.raises(InputError, match=f"port 'stm32z9'.*{', '.join(FAMILIES)}"):
        platform_description(replace(L476, port="stm32z9"))
    console = replace(L476.console, uart="UART7")
    with pytest.raises(InputError, match="UART7, but known are USART2, "):
        platform_description(replace(L476, console=console))
