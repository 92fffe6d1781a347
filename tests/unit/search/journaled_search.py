"""A search of made-up candidates, three at a time, that keeps a sweep's journal and can be killed at any moment.

PYTHONPATH=. .venv/bin/python -m tests.unit.search.journaled_search JOURNAL ALGORITHM CANDIDATES
"""

import sys
from pathlib import Path
from typing import Any

from hyperopt import hp

from orchestrator.domain.candidate import Begun, CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import DeviceSilentError
from orchestrator.domain.network_shape import LayerShape, NetworkShape
from orchestrator.domain.outcome import Outcome
from orchestrator.journal.journal import Journal
from orchestrator.search.algorithms import DescribedSpace
from orchestrator.search.replay import conclude, replay
from orchestrator.search.study import Study
from tests.records import deployable, ended, over_budget

AT_ONCE = 3


def space() -> Any:
    """Half of it fits."""
    kinds = [{"name": "a"}, {"name": "b", "width": hp.choice("width", [1, 2]), "depth": hp.randint("depth", 2, 5)}]
    return {"x": hp.uniform("x", -1.0, 1.0), "kind": hp.choice("kind", kinds)}


def describe(point: dict[str, Any]) -> NetworkShape:
    """A layer or two, as the kind says."""
    first = LayerShape("CONV_2D", 64, 64, 128, macs=1_000, weight_bytes=100)
    more = point["kind"].get("width", 0) * point["kind"].get("depth", 0)
    return NetworkShape(
        (first, LayerShape("CONV_2D", 64, 8 * more, 64 + 8 * more, macs=500 * more)) if more else (first,)
    )


def new_study(algorithm: str) -> Study:
    return Study(space(), algorithm, seed=4, networks=DescribedSpace(describe))


def record_of(candidate_id: str, point: dict[str, Any]) -> CandidateRecord:
    """One in seven fails; of the others half are too slow."""
    if int(candidate_id[1:]) % 7 == 0:
        return ended(Outcome.failed(DeviceSilentError("no reply")), candidate_id)
    if point["x"] > 0.0:
        return over_budget(round(800_000 * (1.0 + point["x"])), candidate_id)
    return deployable(candidate_id, 1.0 - abs(point["x"] + 0.5))


def ends_next(in_flight: list[Begun]) -> Begun:
    """Give the candidate that ends next: not in the order in which they began."""
    return min(in_flight, key=lambda begun: begun.ticket * 7 % 5)


def carry_on(path: Path, algorithm: str, candidates: int) -> None:
    """Search until so many candidates have ended, from wherever the journal stands."""
    journal, study = Journal(path), new_study(algorithm)
    replayed = replay(study, journal.entries())
    in_flight, count = list(replayed.in_flight), len(replayed.in_flight) + len(replayed.ended)
    while in_flight or count < candidates:
        while len(in_flight) < AT_ONCE and count < candidates:
            count += 1
            ticket, _ = study.ask()
            in_flight.append(Begun(f"c{count:04d}", ticket, study.drawn(ticket)))
            journal.begin(in_flight[-1])
        begun = ends_next(in_flight)
        in_flight.remove(begun)
        record = record_of(begun.candidate_id, study.point(begun.ticket))
        conclude(study, begun.ticket, record, Fit.ALL)
        journal.append(record)


if __name__ == "__main__":
    carry_on(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
