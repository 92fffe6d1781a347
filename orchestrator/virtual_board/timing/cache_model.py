"""Caches and branch prediction as the Python engine counts them; engine.c has the same arithmetic."""

from orchestrator.virtual_board.timing.engine import PREDICTED_BRANCHES, STRONGLY_TAKEN, WEAKLY_TAKEN
from orchestrator.virtual_board.timing.flash_timing import Cache


class CacheModel:
    """Which lines are cached; a dictionary for each set keeps the order in which its lines go."""

    def __init__(self, cache: Cache) -> None:
        self._shift = cache.line_bytes.bit_length() - 1
        self._ways = cache.ways or cache.lines
        self._keeps_used = cache.keeps_used
        self._sets: list[dict[int, None]] = [{} for _ in range(cache.sets)]

    def misses(self, address: int) -> bool:
        """Use an address and say whether its line had to be loaded."""
        tag = address >> self._shift
        lines = self._sets[tag & (len(self._sets) - 1)]
        known = tag in lines
        if known and not self._keeps_used:
            return False
        if known:
            del lines[tag]
        elif len(lines) >= self._ways:
            del lines[next(iter(lines))]
        lines[tag] = None
        return not known

    def clear(self) -> None:
        """Forget every line."""
        for lines in self._sets:
            lines.clear()


class BranchPredictor:
    """Remembers by its end where a branch went; one that is not remembered is predicted not to be taken."""

    def __init__(self, mispredict_cycles: int) -> None:
        self._cycles = mispredict_cycles
        self._seen: dict[int, tuple[int, int, int]] = {}

    def stalls(self, origin: int, target: int) -> int:
        """Give the cycles lost where the code behind `origin` goes on at `target`."""
        place = origin >> 1 & (PREDICTED_BRANCHES - 1)
        known, predicted_target, counter = self._seen.get(place, (0, 0, 0))
        taken = target != origin
        if known != origin:
            if taken:
                self._seen[place] = (origin, target, STRONGLY_TAKEN)
            return self._cycles if taken else 0
        predicted = counter >= WEAKLY_TAKEN
        right = (predicted and predicted_target == target) if taken else not predicted
        if taken:
            self._seen[place] = (origin, target, min(counter + 1, STRONGLY_TAKEN))
        else:
            self._seen[place] = (origin, predicted_target, max(counter - 1, 0))
        return 0 if right else self._cycles

    def clear(self) -> None:
        """Forget every branch."""
        self._seen.clear()
