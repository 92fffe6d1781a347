"""One agent of a name per host: a lab knows its users by name, and so would take two of one name for one."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.domain.errors import InputError


@contextmanager
def sole_agent(name: str, state: Path) -> Iterator[None]:
    """Be the only agent with this name and state folder for the time of the block; the lock ends with the process.

    Raises:
        InputError: there is one already, or the lock file cannot be used.
    """
    path = state / f"agent-{name.replace('/', '-')}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("a", encoding="ascii")
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(
                f"--name {name}: another agent of this name takes places of a labgrid lab on this host; "
                "give this one a name of its own"
            ) from error
        yield
