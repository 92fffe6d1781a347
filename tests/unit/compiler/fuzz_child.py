"""Compile damaged files under limits of time and memory: `python -m tests.unit.compiler.fuzz_child CASES FILE...`.

Prints one JSON line for each case whose outcome is neither a compiled model nor a one-line refusal, then a line
`{"compiled": ..., "refused": ...}`.
"""

import json
import random
import resource
import signal
import sys
import zlib
from pathlib import Path

from orchestrator.compiler import compile_model
from orchestrator.domain.errors import UnsupportedModelError
from tests.unit.compiler.mutations import damaged

SECONDS_PER_CASE = 5.0
ADDRESS_SPACE_BYTES = 2 << 30


class TooSlowError(Exception):
    """A case ran on."""


def _too_slow(signum: int, frame: object) -> None:
    raise TooSlowError(f"ran for more than {SECONDS_PER_CASE} s")


def outcome_of(tflite: bytes) -> str:
    """Give `compiled`, `refused`, or what went wrong."""
    signal.setitimer(signal.ITIMER_REAL, SECONDS_PER_CASE)
    try:
        compile_model(tflite)
    except UnsupportedModelError as error:
        return "refused" if str(error) and "\n" not in str(error) else f"refused with {str(error)!r}"
    except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to name it
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        where = f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}" if frame else "?"
        return f"{type(error).__name__}: {error} at {where}"
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    return "compiled"


def main(cases: int, files: list[Path]) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    signal.signal(signal.SIGALRM, _too_slow)
    totals = {"compiled": 0, "refused": 0}
    for file in files:
        content = file.read_bytes()
        for seed in range(cases):
            outcome = outcome_of(damaged(content, random.Random(zlib.crc32(f"{file.stem} {seed}".encode()))))
            if outcome in totals:
                totals[outcome] += 1
            else:
                print(json.dumps({"file": file.name, "seed": seed, "outcome": outcome}))
    print(json.dumps(totals))


if __name__ == "__main__":
    main(int(sys.argv[1]), [Path(name) for name in sys.argv[2:]])
