import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from orchestrator.device.deadline import Deadline
from orchestrator.device.link import SerialLink
from orchestrator.domain.errors import PortBusyError, PortMissingError


@pytest.fixture
def server() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def url_of(server: socket.socket) -> str:
    return f"socket://127.0.0.1:{server.getsockname()[1]}"


def echo_once(server: socket.socket) -> threading.Thread:
    def serve() -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(connection.recv(100))
            connection.recv(100)  # until the other side closes

    thread = threading.Thread(target=serve)
    thread.start()
    return thread


def test_bytes_travel_both_ways_and_are_logged(server: socket.socket, tmp_path: Path) -> None:
    thread = echo_once(server)
    log = tmp_path / "serial.log"
    with SerialLink(url_of(server), 115200, log) as link:
        link.write(b"name%\x00")
        received = b""
        while len(received) < 6:
            received += link.read(100, Deadline(5.0))
    thread.join()
    assert received == b"name%\x00"
    text = log.read_text()
    assert "> b'name%\\x00'" in text
    assert "< b'" in text


def test_reading_gives_nothing_when_the_deadline_passes(server: socket.socket) -> None:
    with SerialLink(url_of(server), 115200) as link:
        assert link.read(1, Deadline(0.05)) == b""


def test_a_line_cut_in_use_is_a_missing_port(server: socket.socket) -> None:
    with SerialLink(url_of(server), 115200) as link:
        connection, _ = server.accept()
        connection.close()
        with pytest.raises(PortMissingError, match="went away"):
            link.read(1, Deadline(5.0))


@pytest.mark.parametrize("url", ["/dev/no-such-port", "socket://127.0.0.1:1", "nonsense://x"])
def test_a_port_that_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(PortMissingError, match=f"^{url}: cannot open"):
        SerialLink(url, 115200)


def test_a_local_port_belongs_to_one_program_at_a_time() -> None:
    controller, terminal = os.openpty()
    url = os.ttyname(terminal)
    with SerialLink(url, 115200) as link:
        os.write(controller, b"m-ready\n")
        assert link.read(1, Deadline(5.0)) == b"m"
        assert link.read(100, Deadline(5.0)) == b"-ready\n"
        with pytest.raises(PortBusyError, match="another program"):
            SerialLink(url, 115200)
    os.close(controller)
    os.close(terminal)


def test_a_pseudo_terminal_has_neither_parity_nor_modem_lines_and_carries_bytes_all_the_same() -> None:
    master, slave = os.openpty()
    try:
        for _ in range(3):  # from the second time on, the C library says that parity cannot be set
            with SerialLink(os.ttyname(slave), 115200) as link:
                link.use_even_parity(False)
                link.set_rts(True)
                link.set_dtr(True)
                link.write(b"\x00\x11%\x7f")
                assert os.read(master, 16) == b"\x00\x11%\x7f"
    finally:
        os.close(master)
        os.close(slave)
