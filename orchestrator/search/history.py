"""What HyperOpt's trials say, as arrays: one row per point, in the order in which the points were suggested.

Everything is read from the trials' documents, so that equal documents give equal arrays, however they came about.
A document's `result` may hold:

    status         "ok" with a loss: trained; "fail": not trained
    loss           smaller is better
    constraints    {name: violation}, <= 0: the constraint holds; a name may be missing where it was not measured
    stopped        True: training was ended early, the loss is that of the last epoch
    epoch_losses   the loss after each epoch
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from hyperopt.base import JOB_STATE_DONE, STATUS_OK
from numpy.typing import NDArray

from orchestrator.search.fidelity import Gains
from orchestrator.search.points import Cells, Points, PointSpace, Values

Document = Mapping[str, Any]


class History:
    """All points of some trials; reads a document twice only while its point is open.

    Args:
        training_labels: labels that do not touch the architecture, and so no constraint.
    """

    def __init__(self, space: PointSpace, training_labels: frozenset[str]) -> None:
        self.space = space
        self.architecture = space.columns_without(training_labels)
        self._cells = np.empty((64, len(space.dimensions)), dtype=np.int16)
        self._rows: dict[int, int] = {}
        self._closed: set[int] = set()
        self._open: list[int] = []
        self._losses: list[float] = []
        self._trained_count = 0
        self._last_trained_row = -1
        self._trainings: Counter[bytes] = Counter()
        self._epochs_of_stopped: dict[int, int] = {}
        self._violations: list[dict[str, float]] = []
        self._points: set[bytes] = set()
        self._infeasible: set[bytes] = set()
        self._architectures: list[bytes] = []
        self._gains = Gains()

    def update(self, documents: Iterable[Document]) -> None:
        """Read what is new."""
        self._open = []
        for document in documents:
            if document["tid"] not in self._closed:
                self._read(document)

    def add_open(self, document: Document) -> None:
        """Count a point among the open ones before it is in the trials."""
        self._read(document)

    @property
    def cells(self) -> Cells:
        """[points, labels]."""
        return self._cells[: len(self._rows)]

    @property
    def finished_count(self) -> int:
        return len(self._closed)

    @property
    def trained_count(self) -> int:
        return self._trained_count

    @property
    def measured_since_trained(self) -> int:
        """Points that ended untrained, of those that were suggested after the last one that was trained."""
        later = len(self._rows) - 1 - self._last_trained_row
        return later - sum(row > self._last_trained_row for row in self._open)

    @property
    def open_rows(self) -> NDArray[np.intp]:
        """Points that were suggested, and of which nothing is known yet."""
        return np.array(self._open, dtype=np.intp)

    @property
    def losses(self) -> NDArray[np.float64]:
        """What each point's training would have given at full length; NaN where there was none."""
        losses = np.array(self._losses)
        for row, epochs in self._epochs_of_stopped.items():
            losses[row] -= self._gains.after(epochs)
        return losses

    def violations(self) -> dict[str, NDArray[np.float64]]:
        """Give every constraint's violations, NaN where it was not measured."""
        names = dict.fromkeys(name for each in self._violations for name in each)
        return {name: np.array([each.get(name, np.nan) for each in self._violations]) for name in sorted(names)}

    def first_of_architectures(self) -> NDArray[np.intp]:
        """Give the row in which each architecture was first measured: measuring it again says nothing new."""
        first: dict[bytes, int] = {}
        for row, key in enumerate(self._architectures):
            if self._violations[row]:
                first.setdefault(key, row)
        return np.array(list(first.values()), dtype=np.intp)

    def is_new(self, points: Points) -> NDArray[np.bool_]:
        """Say which points may be suggested: never suggested before, nor of an architecture known not to fit."""
        return np.array([self._may_suggest(values) for values in points.values], dtype=bool)

    def trainings_of(self, points: Points) -> NDArray[np.int64]:
        """Count how often each point's architecture was trained."""
        return np.array([self._trainings[self._architecture_of(values)] for values in points.values], dtype=np.int64)

    def _may_suggest(self, values: Values) -> bool:
        return values.tobytes() not in self._points and self._architecture_of(values) not in self._infeasible

    def _architecture_of(self, values: Values) -> bytes:
        return values[self.architecture].tobytes()

    def _read(self, document: Document) -> None:
        tid = document["tid"]
        if tid not in self._rows:
            self._append(tid, self.space.read(document["misc"]["vals"]))
        if document["state"] == JOB_STATE_DONE:
            self._closed.add(tid)
            self._close(self._rows[tid], document["result"])
        else:
            self._open.append(self._rows[tid])

    def _append(self, tid: int, point: Points) -> None:
        row = len(self._rows)
        if row == len(self._cells):
            self._cells = np.concatenate([self._cells, np.empty_like(self._cells)])
        self._cells[row] = point.cells[0]
        self._rows[tid] = row
        self._losses.append(np.nan)
        self._violations.append({})
        self._points.add(point.values[0].tobytes())
        self._architectures.append(self._architecture_of(point.values[0]))

    def _close(self, row: int, result: Mapping[str, Any]) -> None:
        self._violations[row] = {name: float(each) for name, each in result.get("constraints", {}).items()}
        if any(violation > 0.0 for violation in self._violations[row].values()):
            self._infeasible.add(self._architectures[row])
        if result["status"] != STATUS_OK:
            return
        loss = float(result["loss"])
        self._losses[row] = np.inf if np.isnan(loss) else loss
        self._trained_count += 1
        self._last_trained_row = max(row, self._last_trained_row)
        self._trainings[self._architectures[row]] += 1
        epoch_losses = result.get("epoch_losses", ())
        if not result.get("stopped", False):
            self._gains.add(epoch_losses, loss)
        elif epoch_losses:
            self._epochs_of_stopped[row] = len(epoch_losses)
