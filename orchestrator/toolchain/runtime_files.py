"""Where the hand-written C runtime is that every compiled network is linked with."""

from pathlib import Path

import boards

_RUNTIME = Path(boards.__file__).parent / "runtime"


def runtime_sources() -> tuple[Path, ...]:
    """Give the C files of the runtime, one kernel each, in a stable order."""
    return tuple(sorted(_RUNTIME.glob("*.c")))


def runtime_headers() -> tuple[Path, ...]:
    """Give the runtime's headers, the public ones and those beside the sources."""
    return tuple(sorted((*_RUNTIME.glob("include/*.h"), *_RUNTIME.glob("*.h"))))


def host_driver() -> Path:
    """Give the C file that runs a network over many samples on the host."""
    return _RUNTIME / "host" / "mt_host_driver.c"
