"""The ROM bootloader on its USART: AN3155 as a state machine of bytes in, bytes out (AN2606 for the L476)."""

from collections.abc import Callable, Generator
from functools import reduce
from operator import xor
from typing import Protocol

from orchestrator.domain.board_type import RomBootloader
from orchestrator.virtual_board.flash_memory import FlashMemory

AUTOBAUD, ACK, NACK = 0x7F, 0x79, 0x1F
GET, GET_VERSION, GET_ID, READ, GO, WRITE, EXTENDED_ERASE = 0x00, 0x01, 0x02, 0x11, 0x21, 0x31, 0x44
WRITE_PROTECT, WRITE_UNPROTECT, READOUT_PROTECT, READOUT_UNPROTECT = 0x63, 0x73, 0x82, 0x92
PROTOCOL_VERSION = 0x31
COMMANDS = (
    GET, GET_VERSION, GET_ID, READ, GO, WRITE, EXTENDED_ERASE,
    WRITE_PROTECT, WRITE_UNPROTECT, READOUT_PROTECT, READOUT_UNPROTECT,
)  # fmt: skip
MASS_ERASE, BANK1_ERASE, BANK2_ERASE = 0xFFFF, 0xFFFE, 0xFFFD

Conversation = Generator[bytes, int, None]
"""Yields what to answer, is sent one received byte at a time."""


class TargetMemory(Protocol):
    """What the bootloader reaches besides flash."""

    def read(self, address: int, size_bytes: int) -> bytes | None:
        """Read any readable memory, or None."""
        ...

    def write_ram(self, address: int, data: bytes) -> bool:
        """Write RAM the bootloader does not use itself; False elsewhere."""
        ...


class BootloaderProtocol:
    """One run of the bootloader, from reset to Go or the next reset; `jump` gets the address of Go."""

    def __init__(
        self, identity: RomBootloader, flash: FlashMemory, memory: TargetMemory, jump: Callable[[int], None]
    ) -> None:
        self._identity = identity
        self._flash = flash
        self._memory = memory
        self._jump = jump
        self._conversation = self._converse()
        next(self._conversation)

    def feed(self, byte: int) -> bytes:
        """Take one received byte and give what the bootloader sends in return."""
        return self._conversation.send(byte)

    def _converse(self) -> Conversation:
        answer = b""
        while (yield answer) != AUTOBAUD:
            answer = b""
        answer = bytes([ACK])
        while True:
            command = yield answer
            complement = yield b""
            if command ^ complement != 0xFF:
                answer = bytes([NACK])
            else:
                answer = yield from self._answer(command)

    def _answer(self, command: int) -> Generator[bytes, int, bytes]:
        product = self._identity.product_id
        if command == GET:
            return bytes([ACK, len(COMMANDS), PROTOCOL_VERSION, *COMMANDS, ACK])
        if command == GET_VERSION:
            return bytes([ACK, PROTOCOL_VERSION, 0, 0, ACK])
        if command == GET_ID:
            return bytes([ACK, 1, product >> 8, product & 0xFF, ACK])
        if command == READ:
            return (yield from self._read())
        if command == GO:
            return (yield from self._go())
        if command == WRITE:
            return (yield from self._write())
        if command == EXTENDED_ERASE:
            return (yield from self._erase())
        return bytes([NACK])

    def _read(self) -> Generator[bytes, int, bytes]:
        address = yield from _address()
        if address is None or self._memory.read(address, 1) is None:
            return bytes([NACK])
        count = yield bytes([ACK])
        checksum = yield b""
        data = self._memory.read(address, count + 1)
        if count ^ checksum != 0xFF or data is None:
            return bytes([NACK])
        return bytes([ACK]) + data

    def _go(self) -> Generator[bytes, int, bytes]:
        address = yield from _address()
        if address is None or self._memory.read(address, 8) is None:
            return bytes([NACK])
        self._jump(address)
        return bytes([ACK])

    def _write(self) -> Generator[bytes, int, bytes]:
        address = yield from _address()
        if address is None or address % 4:
            return bytes([NACK])
        in_flash = self._flash.holds(address, 1)
        if not in_flash and not self._memory.write_ram(address, b""):
            return bytes([NACK])
        count = yield bytes([ACK])
        data = yield from _receive(count + 1)
        checksum = yield b""
        if reduce(xor, data, count) != checksum or len(data) % 4:
            return bytes([NACK])
        if not in_flash:
            return bytes([ACK if self._memory.write_ram(address, data) else NACK])
        if not self._flash.holds(address, len(data)):
            return bytes([NACK])
        self._flash.program(address, data)
        return bytes([ACK])

    def _erase(self) -> Generator[bytes, int, bytes]:
        first = yield bytes([ACK])
        header = bytes([first, (yield b"")])
        code = int.from_bytes(header, "big")
        is_special = code >= 0xFFF0
        pages = b"" if is_special else (yield from _receive(2 * (code + 1)))
        checksum = yield b""
        if reduce(xor, header + pages) != checksum:
            return bytes([NACK])
        return bytes([ACK if self._erase_pages(code, pages) else NACK])

    def _erase_pages(self, code: int, pages: bytes) -> bool:
        half = self._flash.pages // 2
        special = {MASS_ERASE: (0, 2 * half), BANK1_ERASE: (0, half), BANK2_ERASE: (half, half)}
        if code in special:
            self._flash.erase(*special[code])
            return True
        numbers = [int.from_bytes(pages[at : at + 2], "big") for at in range(0, len(pages), 2)]
        if not numbers or max(numbers) >= self._flash.pages:
            return False
        for number in numbers:
            self._flash.erase(number, 1)
        return True


def _receive(count: int) -> Generator[bytes, int, bytes]:
    data = bytearray()
    for _ in range(count):
        data.append((yield b""))
    return bytes(data)


def _address() -> Generator[bytes, int, int | None]:
    """Receive the four address bytes after ACKing the command; None on a bad checksum."""
    first = yield bytes([ACK])
    rest = yield from _receive(4)
    data = bytes([first]) + rest[:3]
    return int.from_bytes(data, "big") if reduce(xor, data) == rest[3] else None
