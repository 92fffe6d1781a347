"""A session with the resident loader: ask, wait, understand, ask again where a frame was damaged. docs/boards.md."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

from orchestrator.device.an3155 import DOUBLE_WORD_PROGRAM_S, PAGE_ERASE_S
from orchestrator.device.deadline import Deadline
from orchestrator.device.exchange import allowed_s, drain, silent, unexpected
from orchestrator.device.link import Link
from orchestrator.device.resident_loader_messages import (
    FRAME_BYTES,
    MAX_CRCS,
    WRITE_ALIGNMENT,
    Command,
    LoaderIdentity,
    LoaderReply,
    ReplyFinder,
    Status,
    commit_payload,
    crcs_payload,
    encode_frame,
    parse_crcs,
    parse_identity,
    speed_payload,
    write_payload,
)
from orchestrator.domain.errors import DeviceRefusedError, DeviceSilentError, FlashFailedError, WrongBoardError

T = TypeVar("T")

ATTEMPTS = 3

# Less than half the loader's window after a reset (boards/loader/loader_main.c), so that one hello falls into it.
_HELLO_INTERVAL_S = 0.05
_QUIET_S = 0.02
# The loader gives a new speed half a second (boards/loader/loader_main.c) and then goes back to the old one.
_PROOF_S = 0.4
# The loader computes a CRC in some 20 cycles a byte: at the slowest clock in use, 16 MHz.
_CRC_S_PER_BYTE = 20 / 16e6
# The command of the firmware (docs/protocol.md) that resets into the loader; its first % ends what was begun.
_FIRMWARE_COMMAND = b"%loader%"


class ResidentLoader:
    """One session with a loader whose flash takes `erase_s` at most to erase a sector.

    Every method raises `DeviceSilentError`, `UnexpectedReplyError` or what its text says.

    Attributes:
        repeated_writes: pages that were sent once more; the loader may have erased for each of them.
    """

    def __init__(self, link: Link, erase_s: float = PAGE_ERASE_S) -> None:
        self._link = link
        self._erase_s = erase_s
        self._finder = ReplyFinder()
        self._frames = self._sequence = 0
        self.repeated_writes: list[int] = []

    def synchronise(self, limit_s: float) -> LoaderIdentity:
        """Call until the loader answers, within `limit_s`, and bring a running firmware to reset into it."""
        limit = Deadline(limit_s)
        while not limit.expired:
            self._link.write(_FIRMWARE_COMMAND + self._frame(Command.HELLO, b""))
            reply = self._next_reply(Deadline(_HELLO_INTERVAL_S), lambda reply: reply.command == Command.HELLO)
            if reply is not None and reply.status == Status.OK:
                drain(self._link, _QUIET_S)
                return self._parsed("hello", reply, parse_identity)
        raise silent(self._link, "the call of the resident loader", limit, self._finder.pending)

    def change_speed(self, baud: int) -> None:
        """Go on at another speed; where the line does not carry it, both ends fall back and the session goes on."""
        old_baud = self._link.baud
        self._ask(Command.SPEED, speed_payload(baud), "another speed", 0, 0.0)
        self._link.use_baud(baud)
        try:
            self.synchronise(_PROOF_S)
        except DeviceSilentError:
            self._link.use_baud(old_baud)
            self.synchronise(4 * _PROOF_S)

    def begin(self, board: str) -> None:
        """Name the board type that the image is for.

        Raises:
            WrongBoardError: the loader belongs to another; nothing was changed.
        """
        self._ask(Command.BEGIN, board.encode("ascii"), f"an image for {board!r}", 0, 0.0)

    def page_crcs(self, count: int, page_bytes: int) -> tuple[int, ...]:
        """Give the CRC-32 of each of the first `count` pages of the application."""
        found: list[int] = []
        for first in range(0, count, MAX_CRCS):
            few = min(MAX_CRCS, count - first)
            reply = self._ask(
                Command.CRCS, crcs_payload(first, few), "the pages' CRCs", 4 * few, few * page_bytes * _CRC_S_PER_BYTE
            )
            found += self._parsed("CRCs", reply, partial(parse_crcs, count=few))
        return tuple(found)

    def write(self, page: int, content: bytes) -> None:
        """Program one page; the sector that begins with it, if one does, is erased before.

        Raises:
            FlashFailedError: the flash did not take it.
        """
        work_s = 2 * self._erase_s + len(content) / WRITE_ALIGNMENT * DOUBLE_WORD_PROGRAM_S
        before = self._frames
        self._ask(Command.WRITE, write_payload(page, content), f"writing page {page}", 0, work_s)
        self.repeated_writes += [page] * (self._frames - before - 1)

    def commit(self, pages: int, crc: int, page_bytes: int) -> None:
        """Let the loader check the whole application and record that it may be started.

        Raises:
            FlashFailedError: what is in flash is not what was sent.
        """
        work_s = self._erase_s + pages * page_bytes * _CRC_S_PER_BYTE
        self._ask(Command.COMMIT, commit_payload(pages, crc), "verifying the application", 0, work_s)

    def start(self) -> None:
        """Reset into the application."""
        self._ask(Command.START, b"", "starting the application", 0, 0.0)

    def _ask(self, command: Command, payload: bytes, attempted: str, reply_bytes: int, work_s: float) -> LoaderReply:
        """Send a command, again where a frame was damaged or lost, and give the reply that succeeded."""
        reply: LoaderReply | None = None
        for _ in range(ATTEMPTS):
            frame = self._frame(command, payload)
            self._link.write(frame)
            deadline = Deadline(allowed_s(self._link, len(frame) + FRAME_BYTES + reply_bytes, work_s))
            reply = self._next_reply(deadline, self._is_answer)
            if reply is not None and reply.status != Status.BAD_FRAME:
                return self._accepted(reply, attempted)
            drain(self._link, _QUIET_S)
        if reply is None:
            raise silent(self._link, attempted, deadline, self._finder.pending)
        raise unexpected(self._link, attempted, "damaged frame", f"a sound line in {ATTEMPTS} attempts")

    def _frame(self, command: Command, payload: bytes) -> bytes:
        self._frames += 1
        self._sequence = self._frames % 256
        self._finder.clear()
        return encode_frame(self._sequence, command, payload)

    def _is_answer(self, reply: LoaderReply) -> bool:
        """A damaged frame may have lost its number."""
        return reply.sequence == self._sequence or reply.status == Status.BAD_FRAME

    def _next_reply(self, deadline: Deadline, is_wanted: Callable[[LoaderReply], bool]) -> LoaderReply | None:
        while True:
            for reply in self._finder.feed(self._link.read(4096, deadline)):
                if is_wanted(reply):
                    return reply
            if deadline.expired:  # also on a line that never falls silent
                return None

    def _accepted(self, reply: LoaderReply, attempted: str) -> LoaderReply:
        if reply.status == Status.OK:
            return reply
        refusal = Status(reply.status).name if reply.status in set(Status) else f"status {reply.status}"
        text = f"{self._link.name}: the resident loader refused {attempted} ({refusal})"
        if reply.status == Status.WRONG_BOARD:
            raise WrongBoardError(f"{text}; is the hardware map right?")
        if reply.status in (Status.FLASH_FAILED, Status.CRC_DIFFERS):
            raise FlashFailedError(f"{text}; worn out, write-protected, or power too weak?")
        raise DeviceRefusedError(text)

    def _parsed(self, attempted: str, reply: LoaderReply, parse: Callable[[bytes], T]) -> T:
        try:
            return parse(reply.data)
        except ValueError as error:
            raise unexpected(self._link, attempted, reply.data, str(error)) from error
