"""Running `mcutune` the way a user does."""

import contextlib
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

MCUTUNE = Path(sys.executable).with_name("mcutune")


@dataclass
class CommandLine:
    """Starts commands and finds every process that came of them, by a mark in their environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    def all_environment(self) -> dict[str, str]:
        return {**os.environ, **self.environment, "MCUTUNE_TEST_MARK": self.mark}

    def start(self, *words: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(MCUTUNE), *map(str, words)],
            cwd=self.folder,
            env=self.all_environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a process group of its own, as a shell gives every command
        )

    def run(self, *words: object, timeout_s: float = 240.0) -> subprocess.CompletedProcess[str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=timeout_s)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def processes_left(self) -> dict[int, str]:
        return {int(path.parent.name): _command_of(path.parent) for path in Path("/proc").glob("[0-9]*/environ")
                if self.mark in _read(path)}  # fmt: skip


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:  # it ended meanwhile
        return ""


def _command_of(folder: Path) -> str:
    return _read(folder / "cmdline").replace("\0", " ").strip()


@pytest.fixture
def mcutune(tmp_path: Path) -> Iterator[CommandLine]:
    """A command line in a folder of its own; whatever a failed test left running is ended after it."""
    command_line = CommandLine(tmp_path)
    yield command_line
    for pid in command_line.processes_left():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def mcutune_for_module(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], CommandLine]:
    return lambda: CommandLine(tmp_path_factory.mktemp("cli"))
