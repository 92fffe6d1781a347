"""Runs a command, and ends it and removes its folder when the process that asked for it ends, however that may be.

`python keeper.py FOLDER PARENT COMMAND...`, PARENT being that process's id. Standard input and output are the
command's. It imports nothing of ours, so that it starts at once.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with_keeper() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _wait_for_any(*pids: int) -> None:
    poll = select.poll()
    for pid in pids:
        poll.register(os.pidfd_open(pid), select.POLLIN)
    poll.poll()


def main() -> int:
    """Give the command's exit code, or 1 when it had to be ended."""
    folder, parent, *command = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    child = None
    try:
        # A group of its own, because `renode` may be a script that starts the emulator.
        child = subprocess.Popen(command, process_group=0, preexec_fn=_die_with_keeper)
        if os.getppid() == int(parent):
            _wait_for_any(int(parent), child.pid)
        return child.poll() or 0
    finally:
        if child is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
