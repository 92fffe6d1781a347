"""Which of many occurrences (bytes, writes, resets, commands) a fault hits."""

import logging
import random
import re
from dataclasses import dataclass

logger = logging.getLogger(__name__)

WHEN_FORMS = "N (the Nth), N+ (the Nth and all after it) or a rate such as 0.001"


@dataclass(frozen=True)
class When:
    """Either each occurrence with probability `rate`, or number `first` (from 1), with `and_after` all later ones."""

    rate: float | None = None
    first: int = 0
    and_after: bool = False

    @classmethod
    def parse(cls, text: str) -> "When":
        """Read one of `WHEN_FORMS`.

        Raises:
            ValueError: it is none; the text says what is allowed.
        """
        if re.fullmatch(r"[1-9][0-9]*\+?", text):
            return cls(first=int(text.rstrip("+")), and_after=text.endswith("+"))
        try:
            rate = float(text)
        except ValueError:
            rate = -1.0
        if not 0.0 < rate <= 1.0:
            raise ValueError(f"must be {WHEN_FORMS}, but got {text!r}")
        return cls(rate=rate)


class Trigger:
    """Counts occurrences and says which are hit; `name` is for the log."""

    def __init__(self, when: When, draw: random.Random, name: str) -> None:
        self._when = when
        self._draw = draw
        self._name = name
        self._seen = 0

    def hits(self) -> bool:
        """Count one more; say whether it is hit."""
        self._seen += 1
        is_hit = self._is_hit()
        if is_hit:
            logger.info("fault on request: %s, number %d", self._name, self._seen)
        return is_hit

    def _is_hit(self) -> bool:
        if self._when.rate is not None:
            return self._draw.random() < self._when.rate
        return self._seen == self._when.first or (self._when.and_after and self._seen > self._when.first)
