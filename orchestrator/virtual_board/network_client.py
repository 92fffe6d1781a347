"""A program on the network that speaks RFC 2217: bytes, line settings and modem lines."""

import logging
import socket
from typing import Any

from serial import PARITY_NONE, STOPBITS_ONE
from serial.rfc2217 import PortManager

from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.wire import Wire

logger = logging.getLogger(__name__)

OUTGOING_LIMIT_BYTES = 65_536
"""What is kept for a client that does not read; the rest waits in the line, which drops the oldest when full."""

_IAC, _IAC_DOUBLED = b"\xff", b"\xff\xff"


class RemotePort:
    """The serial port as `PortManager` wants it: line settings and modem lines, forwarded to the line."""

    xonxoff = rtscts = break_condition = False
    cts = dsr = cd = True
    ri = False

    def __init__(self, line: SerialLine) -> None:
        self._line = line
        self._baudrate = 115_200
        self._parity: str = PARITY_NONE
        self.bytesize, self.stopbits = 8, STOPBITS_ONE

    @property
    def baudrate(self) -> int:
        return self._baudrate

    @baudrate.setter
    def baudrate(self, baud: int) -> None:
        self._baudrate = baud
        self.tell()

    @property
    def parity(self) -> str:
        return self._parity

    @parity.setter
    def parity(self, parity: str) -> None:
        self._parity = parity
        self.tell()

    @property
    def dtr(self) -> bool:
        return self._line.dtr

    @dtr.setter
    def dtr(self, asserted: bool) -> None:
        self._line.dtr = asserted

    @property
    def rts(self) -> bool:
        return self._line.rts

    @rts.setter
    def rts(self, asserted: bool) -> None:
        self._line.rts = asserted

    def reset_input_buffer(self) -> None:
        """Drop what the board sent and the host has not got yet."""
        self._line.to_host.clear()

    def reset_output_buffer(self) -> None:
        """Drop what the host sent and the board has not got yet."""
        self._line.to_target.clear()

    def tell(self) -> None:
        """Let the line have the settings of this port."""
        self._line.host_format = LineFormat(float(self._baudrate), self._parity)


class NetworkClient:
    """One TCP connection that speaks RFC 2217; a `Client` of the server."""

    def __init__(self, connection: socket.socket, to_board: Wire, port: RemotePort) -> None:
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self._to_board = to_board
        self._outgoing = bytearray()
        self._manager: Any = PortManager(port, self)

    def write(self, data: bytes) -> None:
        """Queue protocol bytes; called by the port manager."""
        self._outgoing += data

    def fileno(self) -> int:
        """Give the file descriptor."""
        return self._connection.fileno()

    def receive(self) -> bool:
        """Take what arrived; False when the connection is gone."""
        try:
            data = self._connection.recv(65_536)
        except BlockingIOError:
            return True
        except OSError as error:
            logger.info("connection lost: %s", error)
            return False
        try:
            for chunk in self._manager.filter(data):
                self._to_board.send(chunk)
        except Exception:
            logger.exception("the client broke RFC 2217; disconnecting it")
            return False
        return bool(data)

    def put(self, data: bytes) -> None:
        """Queue what the board said."""
        self._outgoing += data.replace(_IAC, _IAC_DOUBLED)

    @property
    def has_room(self) -> bool:
        """Whether it is worth while to `put` more."""
        return len(self._outgoing) < OUTGOING_LIMIT_BYTES

    def send(self) -> bool:
        """Send what is waiting, as far as the connection takes it; False when the connection is gone."""
        try:
            while self._outgoing:
                del self._outgoing[: self._connection.send(self._outgoing)]
        except BlockingIOError:
            return True
        except OSError as error:
            logger.info("connection lost: %s", error)
            return False
        return True

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

    @property
    def wants_to_send(self) -> bool:
        """Whether the connection could not take everything yet."""
        return bool(self._outgoing)
