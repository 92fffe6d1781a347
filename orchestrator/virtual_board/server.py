"""Serve the board's serial line on a TCP port (RFC 2217) or a pty and run the board while it has something to do."""

import logging
import os
import selectors
import socket
import time
from collections.abc import Callable
from typing import Protocol

from orchestrator.virtual_board.machine import Machine
from orchestrator.virtual_board.network_client import NetworkClient, RemotePort
from orchestrator.virtual_board.pty_client import PtyClient
from orchestrator.virtual_board.serial_line import LineFormat, SerialLine
from orchestrator.virtual_board.wire import Wire, byte_time_s

logger = logging.getLogger(__name__)

LOOPBACK = "127.0.0.1"
IDLE_POLL_PAUSE_S = 0.001
"""How long a firmware that polls in vain is paused, so that it does not take a whole host core."""


class Client(Protocol):
    """Who is plugged in: something to wait for, and bytes both ways."""

    def fileno(self) -> int:
        """Give the file descriptor."""

    def receive(self) -> bool:
        """Put what arrived onto the wire; False when the connection is gone."""

    def put(self, data: bytes) -> None:
        """Queue what the board said."""

    def send(self) -> bool:
        """Send what is queued, as far as the connection takes it; False when the connection is gone."""

    def close(self) -> None:
        """Disconnect."""

    @property
    def has_room(self) -> bool:
        """Whether it is worth while to `put` more."""

    @property
    def wants_to_send(self) -> bool:
        """Whether the connection could not take everything yet."""


class Server:
    """One board, one port, one client at a time; a second one is turned away. The pty is the client when no other is.

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
        self._pty: Client | None = None
        self._pty_format = LineFormat(None, None)

    @property
    def url(self) -> str:
        """pyserial URL of the line."""
        return f"rfc2217://{LOOPBACK}:{self._listener.getsockname()[1]}"

    def open_pty(self, baud: int) -> str:
        """Offer a pty as well, which takes the board's settings for its own; give its path."""
        self._pty = pty = PtyClient(self.to_board)
        self._pty_format = LineFormat(float(baud), None)
        self._plug_in_pty()
        return pty.path

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
            client = self._client
            if client and any(key.fileobj is client for key, _ in events) and not client.receive():
                self._drop(client)
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
            if self._client is not None and self._client is not self._pty:
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
            self._selector.modify(client, events)

    def _put_to_client(self, data: bytes) -> None:
        if self._client is not None and self._back_at is None:  # else nobody is plugged in: lost as on a wire
            self._client.put(data)

    def _accept(self) -> None:
        connection, address = self._listener.accept()
        if self._client is not None and self._client is not self._pty:
            logger.warning("second client %s turned away", address)
            connection.close()
            return
        if self._client is not None:
            self._selector.unregister(self._client)
            self._port.tell()
        self._plug_in(NetworkClient(connection, self.to_board, self._port))

    def _plug_in(self, client: Client) -> None:
        self._client = client
        self._selector.register(client, selectors.EVENT_READ)

    def _plug_in_pty(self) -> None:
        if self._pty is not None:
            self._line.host_format = self._pty_format
            self._plug_in(self._pty)

    def _drop(self, client: Client) -> None:
        self._selector.unregister(client)
        client.close()
        self._client = None
        self._plug_in_pty()
