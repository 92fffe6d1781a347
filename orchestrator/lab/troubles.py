"""What a sweep is told of the boards when it ends."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class BoardTroubles:
    """What went wrong with boards in the time of a sweep, none of which the search was told.

    Attributes:
        faults: met by its measurements, by cause, those included that a retry mended.
        quarantined: units that were kept out for a time at least, and why.
    """

    faults: dict[str, int] = field(default_factory=dict)
    quarantined: dict[str, str] = field(default_factory=dict)
