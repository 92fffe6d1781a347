"""A labgrid lab of its own on the loopback interface: coordinator, exporter, client."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from orchestrator.labgrid_places.coordinator import Coordinator

LIMIT_S = 20.0


def labgrid_programs() -> Path:
    """Give the folder of labgrid's programs: scripts/setup.sh dev installs them apart from our packages."""
    installed = Path(sys.prefix) / "labgrid" / "bin"
    found = shutil.which("labgrid-coordinator", path=f"{installed}:{os.environ['PATH']}")
    if found is None:
        pytest.skip("labgrid is not installed; scripts/setup.sh dev installs it, or put its programs on the PATH")
    return Path(found).parent


def until(happened: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    deadline = time.monotonic() + limit_s
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class LabgridLab:
    """Programs of labgrid that are started and stopped at will; `folder` has their files."""

    def __init__(self, folder: Path) -> None:
        self._programs = labgrid_programs()
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        self._watching = Coordinator(self.address, "watching")

    def program(self, name: str) -> Path:
        return self._programs / name

    def start_coordinator(self) -> None:
        self._start("labgrid-coordinator", "--listen", self.address)
        host, port = self.address.split(":")
        until(lambda: not socket.socket().connect_ex((host, int(port))))
        self._watching.session()

    def start_exporter(self, resources: str) -> None:
        (self.folder / "exporter.yaml").write_text(resources)
        words = ("--coordinator", self.address, "--name", "exporter", "--hostname", "127.0.0.1")
        self._start("labgrid-exporter", *words, str(self.folder / "exporter.yaml"))
        until(self.is_exporting)

    def is_exporting(self) -> bool:
        """Whether the coordinator knows of resources."""
        return bool(self._watching.session().resources())

    def holder(self, name: str) -> str:
        """Who holds a place; empty: nobody."""
        session = self._watching.session()
        session.catch_up()
        return session.place(name).holder

    def has_place(self, name: str) -> bool:
        return name in {place.name for place in self._watching.session().places()}

    def kill(self, program: str) -> None:
        process = self._running.pop(program)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def client(self, *words: str, user: str = "elsewhere/somebody") -> str:
        """Run `labgrid-client` as a user of the lab and give what it says."""
        host, name = user.split("/")
        done = subprocess.run(
            [self._programs / "labgrid-client", "-x", self.address, *words],
            env={**os.environ, "LG_HOSTNAME": host, "LG_USERNAME": name},
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def add_place(self, name: str, *tags: str) -> None:
        self.client("-p", name, "create")
        self.client("-p", name, "add-match", f"exporter/{name}/*")
        self.client("-p", name, "set-tags", *tags)

    def close(self) -> None:
        for program in list(self._running):
            self.kill(program)
        self._watching.close()

    def _start(self, program: str, *words: str) -> None:
        with (self.folder / f"{program}.log").open("ab") as log:
            command = [str(self._programs / program), *words]
            self._running[program] = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log)
