"""The board as a process, through pyserial as any host would use it."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial

from orchestrator.config.board_catalogue import load_board_type
from orchestrator.domain.errors import InputError
from orchestrator.virtual_board.process import VirtualBoardProcess, start_virtual_board
from tests.unit.virtual_board.firmware import (
    BOARD,
    DEVICE_ID,
    ECHO_POLLED,
    ECHO_WITH_INTERRUPT,
    FLASH_ORIGIN,
    build,
)
from tests.unit.virtual_board.test_rom_bootloader import ACK, address, command, with_checksum


@pytest.fixture
def board(tmp_path: Path) -> Iterator[VirtualBoardProcess]:
    with start_virtual_board(BOARD, device_id=DEVICE_ID, log=tmp_path / "board.log") as process:
        yield process


@contextmanager
def opened(board: VirtualBoardProcess, parity: str = "N") -> Iterator[serial.Serial]:
    with serial.serial_for_url(board.url, baudrate=115_200, parity=parity, timeout=10) as port:
        yield port


def reset(port: serial.Serial, into_bootloader: bool) -> None:
    port.rts = not into_bootloader
    port.dtr = False
    port.dtr = True


def ask(port: serial.Serial, data: bytes, count: int = 1) -> bytes:
    port.write(data)
    return bytes(port.read(count))


def flash(board: VirtualBoardProcess, image: bytes) -> None:
    """Mass erase, write, and leave the board running the image."""
    with opened(board, "E") as port:
        reset(port, into_bootloader=True)
        assert ask(port, b"\x7f") == ACK
        assert ask(port, command(0x44)) + ask(port, b"\xff\xff\x00") == 2 * ACK
        for at in range(0, len(image), 256):
            part = image[at : at + 256] + b"\xff" * (-len(image[at : at + 256]) % 8)
            assert ask(port, command(0x31)) + ask(port, address(FLASH_ORIGIN + at)) == 2 * ACK
            assert ask(port, with_checksum(bytes([len(part) - 1]) + part)) == ACK
        reset(port, into_bootloader=False)


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def has_ended_within(pid: int, timeout_s: float) -> bool:
    handle = os.pidfd_open(pid)
    try:
        return bool(select.select([handle], [], [], timeout_s)[0])
    finally:
        os.close(handle)


@pytest.mark.parametrize("source", [ECHO_POLLED, ECHO_WITH_INTERRUPT], ids=["polled", "interrupt"])
def test_20_kb_come_back_unharmed_at_full_speed(board: VirtualBoardProcess, source: str) -> None:
    flash(board, build(source))
    data = bytes(range(256)) * 80
    with opened(board) as port:
        assert ask(port, data, len(data)) == data


@pytest.mark.parametrize(("heard", "said"), [(1000, 1), (1, 1000)], ids=["to the board", "to the host"])
def test_a_throttled_line_takes_at_least_the_time_of_its_bytes(heard: int, said: int) -> None:
    source = f"""
    void start(void)
    {{
        usart_start(0);
        for (;;) {{ for (int i = 0; i < {heard}; i++) get(); for (int i = 0; i < {said}; i++) put('s'); }}
    }}
    """
    with start_virtual_board(BOARD, throttle=True) as board:
        flash(board, build(source))
        with opened(board) as port:
            started = time.monotonic()
            assert ask(port, bytes(heard), said) == b"s" * said
            assert time.monotonic() - started >= (heard + said) * 10 / 115_200


def test_a_sleeping_board_costs_no_processor_time(board: VirtualBoardProcess) -> None:
    flash(board, build(ECHO_WITH_INTERRUPT))
    with opened(board) as port:
        assert ask(port, b"x") == b"x"
        before, until = cpu_s(board.pid), time.monotonic() + 1.0
        assert port.in_waiting == 0
        select.select([], [], [], until - time.monotonic())
        assert cpu_s(board.pid) - before <= 0.01


def test_state_survives_a_client_that_leaves_and_only_a_dtr_edge_resets(board: VirtualBoardProcess) -> None:
    counting = """
    static uint32_t count;
    void start(void) { usart_start(0); count = 0; for (;;) { get(); put((uint8_t)++count); } }
    """
    flash(board, build(counting))
    with opened(board) as port:
        assert ask(port, b"aa", 2) == b"\x01\x02"
    with opened(board) as port:
        port.rts = False
        assert ask(port, b"a") == b"\x03"
        port.rts = True
        port.dtr = False
        assert ask(port, b"a") == b"\x04"
        port.dtr = True
        assert ask(port, b"a") == b"\x01"


def test_a_second_client_is_turned_away(board: VirtualBoardProcess) -> None:
    flash(board, build(ECHO_POLLED))
    with opened(board) as port:
        with pytest.raises(OSError):  # connection closed: SerialException or a broken pipe
            serial.serial_for_url(board.url, timeout=1)
        assert ask(port, b"x") == b"x"


def test_a_broken_client_does_not_end_the_board(board: VirtualBoardProcess) -> None:
    host, _, port_number = board.url.removeprefix("rfc2217://").partition(":")
    with socket.create_connection((host, int(port_number))) as connection:
        connection.sendall(b"\xff\xf0\xff\xfa\x2c\x05\xff\xf0")  # SE without SB, then a cut subnegotiation
        while connection.recv(1024):
            pass
    with opened(board, "E") as port:
        reset(port, into_bootloader=True)
        assert ask(port, b"\x7f") == ACK


def test_faults_are_logged_with_their_address(board: VirtualBoardProcess, tmp_path: Path) -> None:
    flash(board, build("void start(void) { REG(0x30000000) = 1; usart_start(0); for (;;) put(get()); }"))
    log = tmp_path / "board.log"
    deadline = time.monotonic() + 5.0
    while "0x30000000" not in log.read_text(encoding="utf-8") and time.monotonic() < deadline:
        select.select([], [], [], 0.02)
    assert "accessing 0x30000000" in log.read_text(encoding="utf-8")


def test_an_unknown_board_type_is_bad_input() -> None:
    command = [sys.executable, "-m", "orchestrator.virtual_board", "--type", "nucleo_l476"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert done.returncode == 2
    assert "nucleo_l476rg" in done.stderr


def test_the_board_ends_when_it_is_closed() -> None:
    board = start_virtual_board(BOARD)
    assert board.is_alive()
    board.close()
    board.close()
    assert not board.is_alive()


def test_the_board_ends_when_its_parent_is_killed() -> None:
    code = (
        "from orchestrator.config.board_catalogue import load_board_type as load\n"
        "from orchestrator.virtual_board.process import start_virtual_board as start\n"
        "board = start(load('nucleo_l476rg'))\n"
        "print(board.pid, flush=True)\n"
        "input()\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdin is not None
    pid = int(parent.stdout.readline())
    handle = os.pidfd_open(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    assert select.select([handle], [], [], 10.0)[0]
    os.close(handle)


def test_a_board_started_from_a_thread_outlives_the_thread() -> None:
    boards: list[VirtualBoardProcess] = []
    thread = threading.Thread(target=lambda: boards.append(start_virtual_board(BOARD)))
    thread.start()
    thread.join()
    with boards[0] as board:
        assert not has_ended_within(board.pid, 0.3)


def test_a_pty_speaks_with_the_board_while_no_program_is_on_its_port() -> None:
    with start_virtual_board(BOARD, pty=True) as board:
        flash(board, build(ECHO_POLLED))
        assert board.pty is not None
        with serial.Serial(board.pty, 9_600, timeout=5) as terminal:
            assert ask(terminal, b"\xff%\r\n", 4) == b"\xff%\r\n"
            with opened(board) as port:
                assert ask(port, b"x") == b"x"
                terminal.timeout = 0.2
                assert ask(terminal, b"") == b""
            terminal.timeout = 5
            assert ask(terminal, b"back", 4) == b"back"


@pytest.mark.skipif(shutil.which("stm32flash") is None, reason="stm32flash is not installed (Debian: stm32flash)")
def test_stm32flash_identifies_writes_verifies_and_starts_through_the_pty(tmp_path: Path) -> None:
    image = tmp_path / "image.bin"
    image.write_bytes(build(ECHO_POLLED))
    with start_virtual_board(BOARD, pty=True, boot0=True) as board:
        assert board.pty is not None
        done = subprocess.run(
            ["stm32flash", "-m", "8n1", "-w", str(image), "-v", "-g", hex(FLASH_ORIGIN), board.pty],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert "0x0415 (STM32L4" in done.stdout
        with serial.Serial(board.pty, 115_200, timeout=5) as terminal:
            assert ask(terminal, b"hello", 5) == b"hello"


def test_boot0_is_refused_where_there_is_no_rom_bootloader() -> None:
    with pytest.raises(InputError, match="--boot0: nucleo_l4r5zi"):
        start_virtual_board(load_board_type("nucleo_l4r5zi"), boot0=True)


def test_a_port_that_is_taken_is_bad_input() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--port {number}: cannot be opened"):
            start_virtual_board(BOARD, tcp_port=number)
