"""Faults of the infrastructure during a real sweep: retried or reported, and never told to the search."""

import contextlib
import os
import shutil
import signal
import stat
import time
from pathlib import Path

import pytest

from orchestrator.domain.outcome import Status
from orchestrator.journal.journal import Journal
from tests.end_to_end.conftest import CommandLine

SMALL = Path(__file__).with_name("small.yaml")


def smaller(folder: Path, candidates: int) -> Path:
    """Fewer candidates, of a seed whose first ones are all valid networks."""
    path = folder / "experiment.yaml"
    text = SMALL.read_text()
    assert "candidates: 8" in text and "seed: 4" in text
    path.write_text(text.replace("candidates: 8", f"candidates: {candidates}").replace("seed: 4", "seed: 6"))
    return path


def broken_linker(folder: Path) -> Path:
    """A folder for PATH with a cross compiler that compiles but crashes when it links, after the first time.

    The first is the image for health checks, without which the sweep would not begin.
    """
    real = shutil.which("arm-none-eabi-gcc")
    assert real is not None
    folder.mkdir()
    wrapper = folder / "arm-none-eabi-gcc"
    wrapper.write_text(
        '#!/bin/sh\ncase " $* " in *" -c "*|*--version*|*-print*) exec ' + real + ' "$@";; esac\n'
        f'mkdir {folder}/linked 2>/dev/null && exec {real} "$@"\n'
        'echo "internal compiler error: crash on request" >&2\nexit 4\n'
    )
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
    return folder


def test_a_compiler_that_crashes_fails_its_candidates_and_the_sweep_goes_on_to_its_end(mcutune: CommandLine) -> None:
    mcutune.environment["PATH"] = f"{broken_linker(mcutune.folder / 'bin')}:{os.environ['PATH']}"
    mcutune.environment["MCUTUNE_CACHE_DIR"] = str(mcutune.folder / "cache")
    done = mcutune.run("sweep", smaller(mcutune.folder, 3), "--out", "out")
    assert done.returncode == 1, done.stdout + done.stderr
    records = Journal(mcutune.folder / "out" / "journal.jsonl").read()
    assert [record.outcome.status for record in records] == [Status.FAILED] * 3
    assert {record.outcome.cause for record in records} == {"toolchain"}
    assert "crash on request" in records[0].outcome.reason
    assert "3 candidate(s) failed for toolchain; the search was not told" in done.stdout
    assert mcutune.processes_left() == {}


def freeze_boards(mcutune: CommandLine) -> set[int]:
    """Stop every virtual board that runs: it neither answers nor ends."""
    boards = {pid for pid, command in mcutune.processes_left().items() if "orchestrator.virtual_board" in command}
    for pid in boards:
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(pid, signal.SIGSTOP)
    return boards


def test_a_board_that_falls_silent_is_restarted_and_costs_no_candidate(mcutune: CommandLine) -> None:
    process = mcutune.start("sweep", smaller(mcutune.folder, 4), "--out", "out")
    deadline = time.monotonic() + 120
    while not (frozen := freeze_boards(mcutune)) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert frozen, "no virtual board was seen"
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, out + err
    statuses = [record.outcome.status for record in Journal(mcutune.folder / "out" / "journal.jsonl").read()]
    assert len(statuses) == 4
    assert Status.FAILED not in statuses
    assert mcutune.processes_left() == {}


@pytest.mark.slow
def test_boards_that_never_answer_fail_the_candidate_with_their_cause(mcutune: CommandLine) -> None:
    process = mcutune.start("sweep", smaller(mcutune.folder, 1), "--out", "out")
    deadline = time.monotonic() + 280
    while process.poll() is None and time.monotonic() < deadline:
        freeze_boards(mcutune)
        time.sleep(0.02)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 1, out + err
    (record,) = Journal(mcutune.folder / "out" / "journal.jsonl").read()
    assert record.outcome.status is Status.FAILED
    assert record.outcome.cause in {"silent", "device", "port-missing"}
    assert mcutune.processes_left() == {}
