class Clock:
    """A clock that stands still until told otherwise."""

    def __init__(self) -> None:
        self.time_s = 0.0

    def __call__(self) -> float:
        return self.time_s
