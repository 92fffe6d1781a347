"""A pin of a microcontroller by its name in the data sheet."""

import re
from dataclasses import dataclass

_NAME = re.compile(r"P(?:(?P<letter>[A-Z])|(?P<digit>\d)\.)(?P<number>\d{1,2})")


@dataclass(frozen=True)
class Pin:
    """Pin `number` of a port; port A, or P0, is 0."""

    port: int
    number: int

    @classmethod
    def named(cls, name: str) -> "Pin":
        """Take `PA10` or `P0.06` apart.

        Raises:
            ValueError: it is neither.
        """
        match = _NAME.fullmatch(name)
        if match is None:
            raise ValueError(f"a pin must be named like PA10 or P0.06, but got {name!r}")
        port = ord(match["letter"]) - ord("A") if match["letter"] else int(match["digit"])
        return cls(port, int(match["number"]))
