"""Serve the board's serial line as RFC 2217 on a TCP port and run the board while it has something to do."""

import logging
import os
import selectors
import socket
import time
from collections.abc import Callable
from typing import Any

from serial import PARITY_NONE, STOPBITS_ONE
from serial.rfc2217 import PortManager

from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.wire import Wire, byte_time_s

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
IDLE_POLL_PAUSE_S = 0.001
"""How long a firmware that polls in vain is paused, so that it does not take a whole host core."""

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
        self._tell()

    @property
    def parity(self) -> str:
        return self._parity

    @parity.setter
    def parity(self, parity: str) -> None:
        self._parity = parity
        self._tell()

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

    def _tell(self) -> None:
        self._line.host_format = LineFormat(float(self._baudrate), self._parity)


class Client:
    """One TCP connection that speaks RFC 2217; `receive` gives its bytes to the wire."""

    def __init__(self, connection: socket.socket, to_board: Wire, port: RemotePort) -> None:
        self.connection = connection
        self._to_board = to_board
        self._outgoing = bytearray()
        self._manager: Any = PortManager(port, self)

    def write(self, data: bytes) -> None:
        """Queue protocol bytes; called by the port manager."""
        self._outgoing += data

    def receive(self) -> bool:
        """Take what arrived; False when the connection is gone."""
        try:
            data = self.connection.recv(65_536)
        except BlockingIOError:
            return True
        except OSError as error:
            logger.info("connection lost: %s", error)
            return False
        for chunk in self._manager.filter(data):
            self._to_board.send(chunk)
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
                del self._outgoing[: self.connection.send(self._outgoing)]
        except BlockingIOError:
            return True
        except OSError as error:
            logger.info("connection lost: %s", error)
            return False
        return True

    @property
    def wants_to_send(self) -> bool:
        """Whether the connection could not take everything yet."""
        return bool(self._outgoing)


class Server:
    """One board, one port, one client at a time; a second one is turned away.

    `serve` runs the board; whoever wants to know that the port came back elsewhere sets `on_new_url`.

    Args:
        throttle: bytes take their time at the host's baud rate, in both directions.

    Attributes:
        to_board, to_host: the two directions of the line.
    """

    def __init__(self, machine: Machine, line: SerialLine, tcp_port: int = 0, throttle: bool = False) -> None:
        def byte_s() -> float:
            return byte_time_s(line.host_format) if throttle else 0.0

        self._machine = machine
        self._line = line
        self.to_board = Wire(line.send_to_target, byte_s)
        self.to_host = Wire(self._put_to_client, byte_s)
        self._port = RemotePort(line)
        self._client: Client | None = None
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((LOOPBACK, tcp_port))
        self._selector.register(self._listener, selectors.EVENT_READ)
        self.on_new_url: Callable[[str], None] = lambda url: None
        self._back_at: float | None = None
        self._is_away = False
        self._parent_handles: set[int] = set()

    @property
    def url(self) -> str:
        """pyserial URL of the line."""
        return f"rfc2217://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def vanish(self, away_s: float) -> None:
        """Take the port away before anything else is said; after `away_s` it is back under another URL."""
        self._back_at = time.monotonic() + away_s

    def exit_with(self, handle: int) -> None:
        """End `serve` when a file descriptor becomes readable (a pidfd) or reaches its end (a pipe)."""
        self._selector.register(handle, selectors.EVENT_READ)
        self._parent_handles.add(handle)

    def serve(self) -> None:
        """Run the board until a handle of `exit_with` fires."""
        while True:
            self._follow_vanishing()
            self.to_board.deliver_due()
            has_work = self._advance()
            self._flush()
            timeout_s = self._timeout_s(has_work)
            before = time.monotonic()
            events = self._selector.select(timeout_s)
            self._machine.sleep_s(time.monotonic() - before)
            if any(key.fd in self._parent_handles and self._has_ended(key.fd) for key, _ in events):
                return
            # The client goes first: it may have closed before the next one knocked.
            if self._client and any(key.fileobj is self._client.connection for key, _ in events):
                self._serve_client(self._client)
            if any(key.fileobj is self._listener for key, _ in events):
                self._accept()

    def _advance(self) -> bool:
        try:
            return self._machine.advance()
        except Exception:
            logger.exception("defect of the virtual board; it stands still until the next reset")
            self._machine.lock_up("defect of the virtual board")
            return False

    def _timeout_s(self, has_work: bool) -> float | None:
        if has_work and not self._machine.polls_idly():
            return 0.0
        board_s = IDLE_POLL_PAUSE_S if has_work else self._machine.wakes_in_s()
        back_s = None if self._back_at is None else max(0.0, self._back_at - time.monotonic())
        dues_s = (board_s, back_s, self.to_board.due_in_s(), self.to_host.due_in_s())
        return min((due_s for due_s in dues_s if due_s is not None), default=None)

    def _follow_vanishing(self) -> None:
        """Close the port, or open it again elsewhere, where `vanish` has asked for that."""
        if self._back_at is None:
            return
        if not self._is_away:
            self._is_away = True
            elsewhere = socket.socket()
            elsewhere.bind((LOOPBACK, 0))  # before the old port is free, so that it is another
            self._selector.unregister(self._listener)
            self._listener.close()
            self._listener = elsewhere
            if self._client is not None:
                self._drop(self._client)
        elif time.monotonic() >= self._back_at:
            self._back_at, self._is_away = None, False
            self._listener.listen()
            self._selector.register(self._listener, selectors.EVENT_READ)
            self.on_new_url(self.url)

    def _has_ended(self, handle: int) -> bool:
        try:
            return os.read(handle, 1024) == b""
        except OSError:
            return True  # a pidfd cannot be read: its readiness alone says that the process ended

    def _flush(self) -> None:
        client = self._client
        if self._line.to_host and (client is None or client.has_room):
            said = bytes(self._line.to_host)
            self._line.to_host.clear()
            self.to_host.send(said)
        self.to_host.deliver_due()
        if client is None:
            return
        if not client.send():
            self._drop(client)
        else:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.wants_to_send else 0)
            self._selector.modify(client.connection, events)

    def _put_to_client(self, data: bytes) -> None:
        if self._client is not None:  # else nobody is plugged in: lost as on a wire
            self._client.put(data)

    def _serve_client(self, client: Client) -> None:
        try:
            connected = client.receive()
        except Exception:
            logger.exception("the client broke RFC 2217; disconnecting it")
            connected = False
        if not connected:
            self._drop(client)

    def _accept(self) -> None:
        connection, address = self._listener.accept()
        if self._client is not None:
            logger.warning("second client %s turned away", address)
            connection.close()
            return
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = Client(connection, self.to_board, self._port)
        self._selector.register(connection, selectors.EVENT_READ)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        client.connection.close()
        self._client = None
