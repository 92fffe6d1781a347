"""Where Renode is, and which version it has."""

import os
import re
import shutil
import subprocess

from orchestrator.domain.errors import InputError

VARIABLE = "MCUTUNE_RENODE"
"""Environment variable that names the program, where it is not `renode` on the PATH."""

OLDEST = (1, 15)

_VERSION_LIMIT_S = 60.0  # a first start unpacks and compiles itself
_VERSION = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


def find_renode() -> str:
    """Give the path of a Renode that can be used.

    Raises:
        InputError: there is none, it does not say its version, or it is older than `OLDEST`.
    """
    named = os.environ.get(VARIABLE, "renode")
    path = shutil.which(named)
    if path is None:
        raise InputError(
            f"--device renode: {named} is not found; put Renode (https://renode.io) on the PATH or name its program "
            f"in {VARIABLE}"
        )
    if version_of(path) < OLDEST:
        raise InputError(f"--device renode: {path} is too old; needs {'.'.join(map(str, OLDEST))} or later")
    return path


def version_of(path: str) -> tuple[int, ...]:
    """Give the three numbers that `renode --version` prints.

    Raises:
        InputError: it prints none.
    """
    try:
        done = subprocess.run(
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_VERSION_LIMIT_S
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"--device renode: {path} --version: {error}") from error
    match = _VERSION.search(done.stdout)
    if match is None:
        said = (done.stdout + done.stderr).strip().splitlines()
        raise InputError(f"--device renode: {path} --version prints no version, but {said[:1]}; is it Renode?")
    return tuple(int(number) for number in match.groups())
