"""A pseudo terminal as the other end of the line, for programs that know no URLs."""

import os
import tty
from contextlib import suppress

from orchestrator.virtual_board.wire import Wire

OUTGOING_LIMIT_BYTES = 4_096


class PtyClient:
    """A `Client` of the server that stays for the board's life; it has no parity and no modem lines.

    Attributes:
        path: the device to open.
    """

    def __init__(self, to_board: Wire) -> None:
        self._controller, self._far_end = os.openpty()  # held open, so that terminals may come and go
        tty.setraw(self._far_end)
        os.set_blocking(self._controller, False)
        self.path = os.ttyname(self._far_end)
        self._to_board = to_board
        self._outgoing = bytearray()

    def fileno(self) -> int:
        """Give the file descriptor."""
        return self._controller

    def receive(self) -> bool:
        """Put what was typed onto the wire."""
        self._to_board.send(os.read(self._controller, 65_536))
        return True

    def put(self, data: bytes) -> None:
        """Queue what the board said; where nobody reads, only the latest is kept."""
        self._outgoing += data
        del self._outgoing[:-OUTGOING_LIMIT_BYTES]

    def send(self) -> bool:
        """Send what is queued, as far as the terminal takes it."""
        with suppress(BlockingIOError):  # the terminal is full: the rest stays queued
            while self._outgoing:
                del self._outgoing[: os.write(self._controller, self._outgoing)]
        return True

    def close(self) -> None:
        """Take the device away."""
        os.close(self._controller)
        os.close(self._far_end)

    @property
    def has_room(self) -> bool:
        """Always: what is too much is dropped, as on a wire to nobody."""
        return True

    @property
    def wants_to_send(self) -> bool:
        """Whether the terminal could not take everything yet."""
        return bool(self._outgoing)
