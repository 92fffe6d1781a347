"""Serve the board's serial line as RFC 2217 on a TCP port and run the board while it has something to do."""

import logging
import os
import selectors
import socket
import time
from typing import Any

from serial import PARITY_NONE, STOPBITS_ONE
from serial.rfc2217 import PortManager

from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine

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
    """One TCP connection that speaks RFC 2217."""

    def __init__(self, connection: socket.socket, line: SerialLine, port: RemotePort) -> None:
        self.connection = connection
        self._line = line
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
            self._line.send_to_target(chunk)
        return bool(data)

    def send(self) -> bool:
        """Send what is waiting, as far as the connection takes it; False when the connection is gone."""
        if self._line.to_host and len(self._outgoing) < OUTGOING_LIMIT_BYTES:
            self._outgoing += bytes(self._line.to_host).replace(_IAC, _IAC_DOUBLED)
            self._line.to_host.clear()
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
    """One board, one port, one client at a time; a second one is turned away."""

    def __init__(self, machine: Machine, line: SerialLine, tcp_port: int = 0) -> None:
        self._machine = machine
        self._line = line
        self._port = RemotePort(line)
        self._client: Client | None = None
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server((LOOPBACK, tcp_port))
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._parent_handles: set[int] = set()

    @property
    def url(self) -> str:
        """pyserial URL of the line."""
        return f"rfc2217://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def exit_with(self, handle: int) -> None:
        """End `serve` when a file descriptor becomes readable (a pidfd) or reaches its end (a pipe)."""
        self._selector.register(handle, selectors.EVENT_READ)
        self._parent_handles.add(handle)

    def serve(self) -> None:
        """Run the board until a handle of `exit_with` fires."""
        while True:
            timeout_s = self._timeout_s(self._advance())
            self._flush()
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
        if has_work:
            return IDLE_POLL_PAUSE_S if self._machine.polls_idly() else 0.0
        return self._machine.wakes_in_s()

    def _has_ended(self, handle: int) -> bool:
        try:
            return os.read(handle, 1024) == b""
        except OSError:
            return True  # a pidfd cannot be read: its readiness alone says that the process ended

    def _flush(self) -> None:
        client = self._client
        if client is None:
            self._line.to_host.clear()  # nobody is plugged in: lost as on a wire
        elif not client.send():
            self._drop(client)
        else:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if client.wants_to_send else 0)
            self._selector.modify(client.connection, events)

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
        self._client = Client(connection, self._line, self._port)
        self._selector.register(connection, selectors.EVENT_READ)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client.connection)
        client.connection.close()
        self._client = None
