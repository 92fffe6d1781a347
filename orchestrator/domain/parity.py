"""How far two runs of the same network are apart."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ParityReport:
    """Agreement of two runs over the same samples, in steps (LSB) of the stored values.

    Attributes:
        samples: how many samples were compared.
        exact: all outputs are equal.
        within_1_lsb: no stored value differs by more than 1.
        worst_lsb: largest difference of a stored value.
    """

    samples: int
    exact: bool
    within_1_lsb: bool
    worst_lsb: int


@dataclass(frozen=True)
class NotCompared:
    """There is no second run to compare with; `reason` is one line."""

    reason: str
