"""Whether a network can be deployed: its budgets held against measurements, on one board type or several."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from orchestrator.domain.budget import Bound, Margin


class Fit(Enum):
    """On which of several board types a network must keep its budgets."""

    ALL = "all"
    ANY = "any"


@dataclass(frozen=True)
class Shortage:
    """Bytes that an image needs beyond a memory region of a board type: it does not link."""

    board: str
    region: str
    missing_bytes: int

    def __str__(self) -> str:
        return f"{self.missing_bytes} bytes too many for {self.region}"


@dataclass(frozen=True)
class Deployability:
    """What was found out on each board type: margins where it was measured, shortages where it does not link."""

    fit: Fit
    margins: tuple[Margin, ...]
    shortages: tuple[Shortage, ...] = ()

    @property
    def boards(self) -> tuple[str, ...]:
        """The board types on which all budgets hold."""
        return tuple(board for board in self._all_boards() if not self._broken(board) and not self._lacks_memory(board))

    @property
    def fits(self) -> bool:
        """Whether the network counts as deployable."""
        return bool(self.boards) if self.fit is Fit.ANY else set(self.boards) == set(self._all_boards())

    @property
    def violation(self) -> float:
        """Sum of the relative excess over all broken budgets, or that of the nearest board if any would do.

        Of the boards on which the network was measured; 0 when it was measured on none.
        """
        sums = [
            sum(max(0.0, margin.violation) for margin in self.margins if margin.board == board)
            for board in dict.fromkeys(margin.board for margin in self.margins)
        ]
        if self.fit is Fit.ANY:
            return min(sums, default=0.0)
        return sum(sums)

    def reason(self) -> str:
        """Say which budgets are broken and which memories too small, board by board where there are several."""
        boards = self._all_boards()
        parts = [(board, self._reason_on(board)) for board in boards]
        if len(boards) == 1:
            return parts[0][1]
        return "; ".join(f"{board} {text}" for board, text in parts if text)

    def _reason_on(self, board: str) -> str:
        if shortages := self._lacks_memory(board):
            return f"does not link into the board's memories: {', '.join(map(str, shortages))}"
        parts = {
            "over budget": [str(margin) for margin in self._broken(board) if margin.bound is Bound.AT_MOST],
            "under budget": [str(margin) for margin in self._broken(board) if margin.bound is Bound.AT_LEAST],
        }
        return "; ".join(f"{text}: {'; '.join(broken)}" for text, broken in parts.items() if broken)

    def _all_boards(self) -> tuple[str, ...]:
        facts: Sequence[Margin | Shortage] = (*self.margins, *self.shortages)
        return tuple(dict.fromkeys(fact.board for fact in facts))

    def _broken(self, board: str) -> list[Margin]:
        return [margin for margin in self.margins if margin.board == board and not margin.fits]

    def _lacks_memory(self, board: str) -> list[Shortage]:
        return [shortage for shortage in self.shortages if shortage.board == board]
