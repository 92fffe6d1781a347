"""A study taken up again from what a sweep wrote down: points handed out, and candidates that ended, in that order."""

from collections.abc import Iterable
from dataclasses import dataclass

from orchestrator.domain.candidate import Begun, CandidateRecord
from orchestrator.domain.deployability import Fit
from orchestrator.domain.errors import InputError
from orchestrator.search.observation import observation_of
from orchestrator.search.study import Study


@dataclass(frozen=True)
class Replayed:
    """Where a sweep stands.

    Attributes:
        in_flight: candidates without an outcome: to be begun anew, each with its own id and point.
    """

    in_flight: tuple[Begun, ...] = ()
    ended: tuple[CandidateRecord, ...] = ()


def replay(study: Study, entries: Iterable[Begun | CandidateRecord], fit: Fit = Fit.ALL) -> Replayed:
    """Ask and tell a fresh study what an earlier one was asked and told: it will suggest what that one would have.

    Args:
        entries: of the sweep's journal, in its order.
        fit: on which of several boards budgets must hold.

    Raises:
        InputError: the entries are not those of a sweep over the study's space.
    """
    in_flight: dict[str, Begun] = {}
    ended: list[CandidateRecord] = []
    for entry in entries:
        if isinstance(entry, Begun):
            _recall(study, entry)
            in_flight[entry.candidate_id] = entry
            continue
        if entry.candidate_id not in in_flight:
            raise InputError(f"journal: {entry.candidate_id} ended, but nothing says what was drawn for it")
        conclude(study, in_flight.pop(entry.candidate_id).ticket, entry, fit)
        ended.append(entry)
    return Replayed(tuple(in_flight.values()), tuple(ended))


def conclude(study: Study, ticket: int, record: CandidateRecord | None, fit: Fit) -> None:
    """Tell a study how a candidate ended; a failure of the infrastructure, or no record at all, teaches nothing."""
    observation = None if record is None else observation_of(record, fit)
    if observation is None:
        study.forget(ticket)
    else:
        study.tell(ticket, observation)


def _recall(study: Study, begun: Begun) -> None:
    try:
        study.recall(begun.ticket, begun.drawn)
    except ValueError as error:
        raise InputError(f"journal: {begun.candidate_id} is of another search: {error}") from error
