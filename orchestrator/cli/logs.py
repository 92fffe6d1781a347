"""Where log lines go: the sweep's own file, and the terminal only when asked for."""

import logging
from pathlib import Path


def send_logs_to(file: Path | None, verbose: bool) -> None:
    """Send all log records to `file`, and with `verbose` to the terminal as well."""
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in list(root.handlers):
        root.removeHandler(handler)
    handlers: list[logging.Handler] = []
    if file is not None:
        handlers.append(logging.FileHandler(file))
    if verbose:
        handlers.append(logging.StreamHandler())
    if not handlers:
        handlers.append(logging.NullHandler())
    for handler in handlers:
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        root.addHandler(handler)
