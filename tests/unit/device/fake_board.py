"""A board that behaves, in memory: ROM bootloader with checksums and flash, firmware with the protocol, modem lines.

It can be told to be mute, late or corrupt.
"""

import time
import zlib
from functools import reduce
from operator import xor

from orchestrator.device.deadline import Deadline
from orchestrator.domain.flash_options import ControlLine, ModemLine, ResetWiring

ACK, NACK = b"\x79", b"\x1f"
PAGE_BYTES = 2048
FLASH_ORIGIN = 0x08000000
FLASH_BYTES = 130 * PAGE_BYTES


class FakeBootloader:
    """The bootloader of AN3155 as far as flashing needs it; flash only clears bits, as in life."""

    def __init__(self) -> None:
        self.flash = bytearray(FLASH_BYTES)
        self.product_id = 0x415
        self.erased_pages: list[int] = []
        self.started_at: int | None = None
        self.refuses_reads = False
        self.is_write_protected = False
        self.erase_command = 0x44
        self.erase_requests = 0
        self.unprotected = 0
        self.stuck_bit_at: int | None = None
        self._received = bytearray()
        self.restart()

    def restart(self) -> None:
        self._received.clear()
        self._is_in_step = False
        self._stage = "command"

    def feed(self, data: bytes) -> bytes:
        self._received += data
        reply = b""
        while (answer := self._step()) is not None:
            reply += answer
        return reply

    def _take(self, count: int) -> bytes | None:
        if len(self._received) < count:
            return None
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    def _step(self) -> bytes | None:
        if not self._is_in_step:
            first = self._take(1)
            self._is_in_step = first == b"\x7f"
            return None if first is None else ACK if self._is_in_step else b""
        return getattr(self, f"_on_{self._stage}")()

    def _on_command(self) -> bytes | None:
        frame = self._take(2)
        if frame is None:
            return None
        if frame[0] ^ frame[1] != 0xFF:
            return NACK
        if frame[0] == 0x02:
            return ACK + b"\x01" + self.product_id.to_bytes(2, "big") + ACK
        if frame[0] == 0x00:
            return ACK + bytes([3, 0x31, 0x00, 0x02, self.erase_command]) + ACK
        if frame[0] == 0x73:
            self.unprotected += 1
            self.is_write_protected = False
            self.restart()  # the chip resets itself
            return ACK + ACK
        if frame[0] in (0x43, 0x44) and frame[0] != self.erase_command:
            return NACK
        if frame[0] == 0x11 and self.refuses_reads:
            return NACK
        self._command = frame[0]
        self._stage = {0x44: "erase", 0x43: "plain_erase"}.get(frame[0], "address")
        return ACK

    def _on_address(self) -> bytes | None:
        frame = self._take(5)
        if frame is None:
            return None
        self._offset = int.from_bytes(frame[:4], "big") - FLASH_ORIGIN
        self._stage = {0x11: "read", 0x31: "write", 0x21: "command"}[self._command]
        if self._command == 0x21:
            self.started_at = FLASH_ORIGIN + self._offset
        return self._ack_if(reduce(xor, frame) == 0 and 0 <= self._offset < FLASH_BYTES)

    def _on_read(self) -> bytes | None:
        frame = self._take(2)
        if frame is None:
            return None
        self._stage = "command"
        return ACK + bytes(self.flash[self._offset : self._offset + frame[0] + 1])

    def _on_write(self) -> bytes | None:
        if not self._received or (frame := self._take(self._received[0] + 3)) is None:
            return None
        self._stage = "command"
        if reduce(xor, frame) != 0:
            return NACK
        for at, byte in enumerate(b"" if self.is_write_protected else frame[1:-1], self._offset):
            self.flash[at] &= byte & (0xFE if at == self.stuck_bit_at else 0xFF)
        return ACK

    def _on_erase(self) -> bytes | None:
        if len(self._received) < 2:
            return None
        count = int.from_bytes(self._received[:2], "big") + 1
        frame = self._take(2 + 2 * count + 1)
        if frame is None:
            return None
        return self._erased(frame, [int.from_bytes(frame[at : at + 2], "big") for at in range(2, 2 + 2 * count, 2)])

    def _on_plain_erase(self) -> bytes | None:
        if not self._received or (frame := self._take(self._received[0] + 3)) is None:
            return None
        return self._erased(frame, list(frame[1:-1]))

    def _erased(self, frame: bytes, pages: list[int]) -> bytes:
        self._stage = "command"
        self.erase_requests += 1
        for page in [] if self.is_write_protected else pages:
            self.erased_pages.append(page)
            self.flash[page * PAGE_BYTES : (page + 1) * PAGE_BYTES] = b"\xff" * PAGE_BYTES
        return self._ack_if(reduce(xor, frame) == 0)

    def _ack_if(self, is_good: bool) -> bytes:
        if not is_good:
            self._stage = "command"
        return ACK if is_good else NACK


class FakeFirmware:
    """The firmware's protocol for a network with one input whose output is the input inverted."""

    BANNER = b"m-timestamp-mode-performance\nm-lap-us-12\nm-init-done\nm-ready\n"

    def __init__(self, model_hash: str = "00112233aabbccdd", input_bytes: int = 300) -> None:
        self.model_hash = model_hash
        self.board = "nucleo_l476rg"
        self.input = bytearray(input_bytes)
        self.output = bytes(input_bytes)
        self.loads = 0
        self.drops_a_bit = False
        self.canned: dict[str, str] = {}
        self.flips_a_bit_of: str | None = None
        self._received = ""
        self._filled = 0
        self._last_crc = 0

    def feed(self, data: bytes) -> bytes:
        *commands, self._received = (self._received + data.decode()).split("%")
        return b"".join(map(self._exchange, commands))

    def _exchange(self, command: str) -> bytes:
        reply = bytearray((self._answer(command) + "m-ready\n").encode())
        self._last_crc = zlib.crc32(command.encode() + reply)
        if command == self.flips_a_bit_of:
            reply[reply.index(b"[") + 1] ^= 1
        return bytes(reply)

    def _answer(self, command: str) -> str:
        if command in self.canned:
            return self.canned[command]
        word, _, arguments = command.partition(" ")
        known = {
            "": lambda _: "",
            "db": self._db,
            "run": self._run,
            "step": self._run,
            "input": lambda _: "",
            "bench": self._bench,
        }
        fixed = {
            "identity": f"m-protocol-[1]\nm-board-[{self.board}]\nm-model-hash-[{self.model_hash}]\n"
            "m-clock-hz-[80000000]\nm-device-[0a0b]\n",
            "check": f"m-check-[{self._last_crc:08x}]\n",
            "crc": f"m-crc-[{zlib.crc32(self.input):08x}]\n",
            "output": f"m-output-[{self.output.hex()}]\n",
            "layers": "m-layer-[60]\nm-layer-[40]\n",
            "settings": "m-flash-wait-states-[4]\nm-flash-prefetch-[1]\n",
            "memory": "m-stack-[200]\nm-stack-reserved-[2048]\nm-spare-[32768]\n",
        }
        if word in fixed:
            return fixed[word]
        return known[word](arguments) if word in known else f"e-[Unknown command: {command}]\n"

    def _db(self, arguments: str) -> str:
        if arguments.startswith("load"):
            self.loads += 1
            self._filled = 0
            return f"m-[Expecting {arguments[5:]} bytes]\n"
        try:
            data = bytearray.fromhex(arguments)
        except ValueError:
            return f"e-[Bad arguments: db {arguments}]\n"
        if self.drops_a_bit:
            data[0] ^= 1
        self.input[self._filled : self._filled + len(data)] = data
        self._filled += len(data)
        return "m-load-done\n" if self._filled == len(self.input) else ""

    def _run(self, _: str) -> str:
        self.output = bytes(byte ^ 0xFF for byte in self.input)
        return "m-cycles-[100]\n"

    def _bench(self, arguments: str) -> str:
        repeats, warmups = map(int, arguments.split())
        return "m-warmup-[130]\n" * warmups + "".join(f"m-cycles-[{100 + i}]\n" for i in range(repeats))


class FakeBoard:
    """A `Link` with a board at its other end."""

    name = "fake"
    baud = 115200

    def __init__(self) -> None:
        self.bootloader = FakeBootloader()
        self.firmware = FakeFirmware()
        self.is_mute = False
        self.mute_resets = 0
        self.late_s = 0.0
        self.babble = b""
        self.pending = bytearray()
        self.is_parity_even = True
        self.runs_bootloader = False
        self._dtr = self._rts = False
        self.wiring = ResetWiring()
        self.bootloader_bauds = {115200, 57600, 19200, 9600}
        self.bauds_used: list[int] = []

    def write(self, data: bytes) -> None:
        if self.is_mute or self.runs_bootloader is not self.is_parity_even:
            return
        if self.runs_bootloader and self.baud not in self.bootloader_bauds:
            return
        self.pending += (self.bootloader if self.runs_bootloader else self.firmware).feed(data)

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        if self.late_s:
            time.sleep(min(self.late_s, deadline.remaining))
            if deadline.expired:
                return b""
        self.pending += self.babble
        if not self.pending:
            time.sleep(deadline.remaining)
        data = bytes(self.pending[:max_bytes])
        del self.pending[:max_bytes]
        return data

    def use_even_parity(self, even: bool) -> None:
        self.is_parity_even = even

    def use_baud(self, baud: int) -> None:
        self.baud = baud
        self.bauds_used.append(baud)

    def set_rts(self, asserted: bool) -> None:
        self._change(ModemLine.RTS, asserted)

    def set_dtr(self, asserted: bool) -> None:
        self._change(ModemLine.DTR, asserted)

    def _change(self, line: ModemLine, asserted: bool) -> None:
        was_in_reset = self._is_active(self.wiring.reset)
        if line is ModemLine.DTR:
            self._dtr = asserted
        else:
            self._rts = asserted
        if self._is_active(self.wiring.reset) and not was_in_reset:
            self._reset()

    def _is_active(self, control: ControlLine | None) -> bool:
        if control is None:
            return False
        level = self._dtr if control.line is ModemLine.DTR else self._rts
        return level is control.active_when_asserted

    def _reset(self) -> None:
        self.mute_resets -= 1
        self.is_mute = self.mute_resets >= 0
        self.runs_bootloader = self._is_active(self.wiring.boot0)
        self.bootloader.restart()
        if not self.runs_bootloader:
            self.pending += FakeFirmware.BANNER
