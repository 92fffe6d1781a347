"""A driver of its own, as each person's sweep is one: asks the pool for measurements, so many at once, for some time.

Usage: python -m tests.cluster.asking_driver ADDRESS SWEEP SECONDS AT_ONCE; prints how many it got.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import count

from orchestrator.cluster.ray_session import joined
from orchestrator.lab.requests import Measured
from tests.cluster.lab_cluster import ask, images, request


def main() -> None:
    address, sweep, seconds, at_once = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
    wanted, numbers, got = request(images(1)[0], sweep), count(), []
    with joined(address), ThreadPoolExecutor(at_once) as threads:
        ends_at = time.monotonic() + seconds

        def ask_on() -> None:
            while time.monotonic() < ends_at:
                reply = ask(replace(wanted, request_id=f"{sweep}/{next(numbers)}"))
                assert isinstance(reply, Measured), reply
                if time.monotonic() < ends_at:
                    got.append(reply)

        for asking in [threads.submit(ask_on) for _ in range(at_once)]:
            asking.result()
    print(len(got))


if __name__ == "__main__":
    main()
