"""A serial line that moves bytes and modem signals. It knows nothing of what they mean, nor how long to wait."""

import errno
import termios
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import serial

from orchestrator.device.deadline import Deadline
from orchestrator.domain.errors import PortBusyError, PortMissingError

# How long one call of pyserial's read may block. Fixed at opening: changing it later makes pyserial negotiate the
# whole port anew, 0.1 s over RFC 2217.
_POLL_S = 0.02

_PORT_ERRORS = (OSError, ValueError, termios.error)  # ValueError: the other end of RFC 2217 does not confirm

_NO_MODEM_LINES = (errno.ENOTTY, errno.EINVAL)
"""What the system says to DTR and RTS of a pseudo terminal (ioctl_tty(2))."""


# EAGAIN: somebody holds the lock that pyserial asks for (flock(2)); EBUSY: somebody made the terminal exclusive
# (TIOCEXCL, ioctl_tty(2)).
_HELD = (errno.EAGAIN, errno.EBUSY)


class Link(Protocol):
    """What a session needs of a line; `name` is for error texts."""

    name: str
    baud: int

    def write(self, data: bytes) -> None:
        """Send all of `data`."""

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        """Give the next 1 to `max_bytes` bytes as soon as there are any; empty when the deadline has passed."""

    def use_even_parity(self, even: bool) -> None:
        """Switch between 8E1 and 8N1."""

    def use_baud(self, baud: int) -> None:
        """Change the speed of the line."""

    def set_dtr(self, asserted: bool) -> None:
        """Drive the DTR line."""

    def set_rts(self, asserted: bool) -> None:
        """Drive the RTS line."""

    def lent(self) -> AbstractContextManager[None]:
        """Leave the port to another program while the block runs."""


class SerialLink:
    """A port of pyserial, by any of its URLs; all traffic goes to a log file.

    Opens with 8E1, DTR and RTS deasserted. May be used as a context manager.

    Args:
        url: `/dev/...`, `rfc2217://host:port`, `socket://host:port`.
        log: where to append the traffic: seconds since opening, direction, bytes.

    Raises:
        PortBusyError: another program holds the port.
        PortMissingError: the port cannot be opened, or went away in use.
    """

    def __init__(self, url: str, baud: int, log: Path | None = None) -> None:
        self.name = url
        self.baud = baud
        self._opened_at = time.monotonic()
        self._log = log.open("a", encoding="ascii") if log else None
        self._is_parity_even = True
        try:
            self._port = self._open()
        except _PORT_ERRORS as error:
            self._close_log()
            raise self._unopened(error) from error

    def _open(self) -> serial.SerialBase:
        port = serial.serial_for_url(
            self.name,
            self.baud,
            parity=serial.PARITY_EVEN,
            timeout=_POLL_S,
            exclusive=True,  # a second program on the port would take bytes away
            do_not_open=True,
        )
        port.dtr = False
        port.rts = False
        try:
            port.open()
        except termios.error:  # so the C library says that a pseudo terminal has no parity
            port.parity = serial.PARITY_NONE
            self._is_parity_even = False
            port.open()
        self._note("=", f"opened at {self.baud} baud, {'8E1' if self._is_parity_even else '8N1'}")
        return port

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the port and the log."""
        self._port.close()
        self._close_log()

    def write(self, data: bytes) -> None:
        """Send all of `data`."""
        self._note(">", repr(data))
        try:
            self._port.write(data)
        except OSError as error:
            raise self._vanished(error) from error

    def read(self, max_bytes: int, deadline: Deadline) -> bytes:
        """Give the next 1 to `max_bytes` bytes as soon as there are any; empty when the deadline has passed."""
        while True:
            try:
                data = bytes(self._port.read(min(max_bytes, max(1, self._port.in_waiting))))
            except OSError as error:
                raise self._vanished(error) from error
            if data:
                self._note("<", repr(data))
                return data
            if deadline.expired:
                return b""

    def use_even_parity(self, even: bool) -> None:
        """Switch between 8E1 and 8N1; no change costs nothing."""
        if even is not self._is_parity_even:
            self._note("=", "8E1" if even else "8N1")
            self._drive("parity", serial.PARITY_EVEN if even else serial.PARITY_NONE)
            self._is_parity_even = even

    def use_baud(self, baud: int) -> None:
        """Change the speed; no change costs nothing."""
        if baud != self.baud:
            self._note("=", f"{baud} baud")
            self._drive("baudrate", baud)
            self.baud = baud

    def set_dtr(self, asserted: bool) -> None:
        """Drive the DTR line; no change costs nothing."""
        self._set_line("dtr", asserted)

    def set_rts(self, asserted: bool) -> None:
        """Drive the RTS line; no change costs nothing."""
        self._set_line("rts", asserted)

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Leave the port to another program while the block runs; then it is as it was before.

        A block that raises leaves it closed.

        Raises:
            PortMissingError: the port cannot be opened again.
        """
        self._note("=", "lent")
        self._port.close()
        yield
        self._reopen()

    def _reopen(self) -> None:
        try:
            self._port.open()
        except (OSError, ValueError) as error:
            raise PortMissingError(f"{self.name}: cannot open the port again ({error}); is it still in use?") from error
        self._note("=", "opened again")

    def _set_line(self, line: str, asserted: bool) -> None:
        if getattr(self._port, line) is not asserted:
            self._note("=", f"{line.upper()} {'asserted' if asserted else 'deasserted'}")
            self._drive(line, asserted)

    def _drive(self, attribute: str, value: object) -> None:
        try:
            setattr(self._port, attribute, value)
        except _PORT_ERRORS as error:
            if attribute in ("dtr", "rts") and getattr(error, "errno", None) in _NO_MODEM_LINES:
                return  # nothing is wired to them: like a kit without a reset line
            raise self._vanished(error) from error

    def _unopened(self, error: Exception) -> PortBusyError | PortMissingError:
        if getattr(error, "errno", None) in _HELD:
            return PortBusyError(f"{self.name}: another program holds the port ({error}); `fuser -v` names it")
        return PortMissingError(f"{self.name}: cannot open the port ({error}); is the board connected?")

    def _vanished(self, error: Exception) -> PortMissingError:
        return PortMissingError(f"{self.name}: the port went away in use ({error}); was the board unplugged?")

    def _note(self, direction: str, text: str) -> None:
        if self._log:
            self._log.write(f"{time.monotonic() - self._opened_at:10.6f} {direction} {text}\n")

    def _close_log(self) -> None:
        if self._log:
            self._log.close()
