"""A virtual board by hand: `mcutune board-sim`."""

import re
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest
import serial

from tests.end_to_end.conftest import CommandLine
from tests.unit.compiler.tflite_builder import TfliteBuilder

TYPE = "nucleo_l476rg"


def adding() -> bytes:
    builder = TfliteBuilder()
    first, second, total = (builder.tensor((1, 4), scale=0.1) for _ in range(3))
    builder.operator("ADD", [first, second], [total], "AddOptions")
    return builder.build([first, second], [total])


@pytest.fixture
def started(mcutune: CommandLine) -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.communicate()


def first_lines(process: subprocess.Popen[str], until: str) -> str:
    assert process.stdout is not None
    said = ""
    while until not in said and (line := process.stdout.readline()):
        said += line
    return said


def ended(process: subprocess.Popen[str], number: int) -> int:
    process.send_signal(number)
    return process.wait(10)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_person_types_name_and_ctrl_c_leaves_nothing(
    mcutune: CommandLine, started: list[subprocess.Popen[str]], number: int
) -> None:
    (mcutune.folder / "sum.tflite").write_bytes(adding())
    process = mcutune.start("board-sim", "--type", TYPE, "--pty", "board", "--model", "sum.tflite")
    started.append(process)
    said = first_lines(process, "Ctrl-C")
    url = re.search(r"rfc2217://127.0.0.1:[0-9]+", said)
    assert url is not None, said
    for device in (str(mcutune.folder / "board"), url[0]):
        with serial.serial_for_url(device, 115_200, timeout=5) as terminal:
            terminal.write(b"%name%")
            assert terminal.read_until(b"m-name-dut-[nucleo_l476rg]\nm-ready\n").endswith(b"rg]\nm-ready\n")
    assert ended(process, number) == 0
    assert list(mcutune.folder.glob("board*")) == []
    assert mcutune.processes_left() == {}


def test_a_port_that_comes_back_elsewhere_is_told(mcutune: CommandLine, started: list[subprocess.Popen[str]]) -> None:
    process = mcutune.start("board-sim", "--type", TYPE, "--fault", "vanish=1:0.1", "--boot0")
    started.append(process)
    said = first_lines(process, "Ctrl-C")
    url = re.search(r"rfc2217://127.0.0.1:[0-9]+", said)
    assert url is not None, said
    with serial.serial_for_url(url[0], parity="E", timeout=5) as port:
        port.write(b"\x7f")
        back = first_lines(process, "the port is back")
    assert url[0] not in back
    assert "rfc2217://127.0.0.1:" in back
    assert ended(process, signal.SIGINT) == 0


def test_bad_values_take_one_line_and_exit_code_2(mcutune: CommandLine) -> None:
    (mcutune.folder / "taken").write_text("")
    for words in (
        ("--type", TYPE, "--fault", "flop=1"),
        ("--type", TYPE, "--fault", "flip=2.5"),
        ("--type", "nucleo_l4r5zi", "--boot0"),
        ("--type", "nucleo_l4"),
        ("--type", TYPE, "--pty", "taken"),
        ("--type", TYPE, "--model", "missing.tflite"),
    ):
        started_at = time.monotonic()
        done = mcutune.run("board-sim", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
        assert time.monotonic() - started_at < 20
    assert mcutune.processes_left() == {}
