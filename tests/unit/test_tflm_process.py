"""TensorFlow Lite Micro in its own process: whatever happens there, this one goes on, and nothing stays behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from orchestrator.domain.errors import InfrastructureError, UnsupportedModelError
from orchestrator.parity.tflm_process import TflmProcess
from tests.unit.compiler.oracle_models import depthwise, repeated_rows, slow
from tests.unit.compiler.test_compile import dense_model

BUSY_FOR_A_MINUTE = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs the tests may ignore it
import numpy as np
from orchestrator.parity.tflm import run_tflm
from tests.unit.compiler.oracle_models import slow

print("begins", flush=True)
run_tflm(slow(), [np.zeros((100, 1, 128, 128, 64), np.int8)])
"""


_older: set[int] = set()


@pytest.fixture(autouse=True)
def older() -> None:
    """Leave out of account what other tests have started."""
    _older.clear()
    _older.update(children())


@pytest.fixture
def oracle() -> Iterator[TflmProcess]:
    process = TflmProcess()
    yield process
    process.close()
    assert children() == set()


def children(of: int | None = None) -> set[int]:
    """Give the workers that a process has started, zombies too."""
    parent = of or os.getpid()
    pids = {int(folder.name) for folder in Path("/proc").glob("[0-9]*")}
    return {pid for pid in pids - _older if _is_worker(pid, parent)}


def _is_worker(pid: int, parent: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # it ended meanwhile
        return False
    return int(state[1]) == parent and (state[0] == "Z" or "tflm_worker" in command)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def run_dense(oracle: TflmProcess) -> NDArray[Any]:
    (output,) = oracle.run(dense_model(), [np.arange(16, dtype=np.int8).reshape(2, 1, 8)], 1, False)
    return output


def test_one_process_serves_network_after_network(oracle: TflmProcess) -> None:
    first = run_dense(oracle)
    process = children()
    np.testing.assert_array_equal(run_dense(oracle), first)
    with pytest.raises(UnsupportedModelError, match="TILE"):
        oracle.run(repeated_rows(), [np.zeros((1, 1, 4), np.int8)], 1, False)
    np.testing.assert_array_equal(run_dense(oracle), first)
    assert children() == process
    assert len(process) == 1


def test_a_crash_is_a_refusal_and_the_next_network_runs(oracle: TflmProcess) -> None:
    expected = run_dense(oracle)
    with pytest.raises(UnsupportedModelError, match=r"^TensorFlow Lite Micro crashed on the model \(signal 11\)$"):
        oracle.run(depthwise(bias=False), [np.zeros((1, 1, 4, 5, 3), np.int8)], 1, False)
    assert children() == set()
    np.testing.assert_array_equal(run_dense(oracle), expected)


def test_what_is_no_network_at_all_is_refused(oracle: TflmProcess) -> None:
    with pytest.raises(UnsupportedModelError, match="TensorFlow Lite Micro"):
        oracle.run(b"\x1c\0\0\0TFL3" + bytes(range(256)), [np.zeros((1, 1, 8), np.int8)], 1, False)


def test_a_network_that_takes_too_long_is_refused() -> None:
    oracle = TflmProcess(limit_s=0.05)
    run_dense(oracle)
    with pytest.raises(UnsupportedModelError, match=r"does not end within 0\.05 s"):
        oracle.run(slow(), [np.zeros((1, 1, 128, 128, 64), np.int8)], 1, False)
    assert children() == set()


def test_the_limit_is_for_each_sample_and_not_for_the_time_in_between() -> None:
    oracle = TflmProcess(limit_s=2.0)
    many = np.zeros((8, 1, 128, 128, 64), np.int8)
    (output,) = oracle.run(slow(), [many], 1, False)
    assert len(output) == 8
    oracle.close()


def test_somebody_who_ends_the_idle_process_does_no_harm(oracle: TflmProcess) -> None:
    expected = run_dense(oracle)
    for pid in children():
        os.kill(pid, signal.SIGKILL)
    np.testing.assert_array_equal(run_dense(oracle), expected)


def test_somebody_who_ends_a_fresh_process_at_work_is_not_the_network_s_fault(oracle: TflmProcess) -> None:
    errors: list[Exception] = []

    def work() -> None:
        try:
            oracle.run(slow(), [np.zeros((100, 1, 128, 128, 64), np.int8)], 1, False)
        except InfrastructureError as error:
            errors.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: _cpu_s() > 0.5)
    os.kill(children().pop(), signal.SIGTERM)
    thread.join(20)
    assert [str(error) for error in errors] == ["the process of TensorFlow Lite Micro ended (signal 15)"]


def _cpu_s(of: int | None = None) -> float:
    """Give the processor time of a process's one worker, 0 before there is one."""
    for pid in children(of):
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return int(stat[11]) / os.sysconf("SC_CLK_TCK")
    return 0.0


def test_threads_share_the_process(oracle: TflmProcess) -> None:
    expected = run_dense(oracle)
    outputs: list[NDArray[Any]] = []
    threads = [threading.Thread(target=lambda: outputs.append(run_dense(oracle))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(outputs) == 8
    assert all(np.array_equal(output, expected) for output in outputs)
    assert len(children()) == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_process_ends_with_the_one_that_asked_even_while_it_works(number: signal.Signals) -> None:
    command = [sys.executable, "-c", BUSY_FOR_A_MINUTE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as asking:
        assert asking.stdout is not None
        assert asking.stdout.readline() == "begins\n"
        wait_until(lambda: _cpu_s(asking.pid) > 0.5)
        worker = children(asking.pid).pop()
        asking.send_signal(number)
    assert asking.returncode == -number
    wait_until(lambda: not Path(f"/proc/{worker}/cmdline").exists() or not Path(f"/proc/{worker}/cmdline").read_text())


def test_a_process_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(InfrastructureError, match=r"does not start \(exit code 1\)"):
        run_dense(TflmProcess())
