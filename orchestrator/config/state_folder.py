"""Where a lab host keeps what must outlive every sweep: wear of its boards, references of its health checks."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Give the folder: `MCUTUNE_STATE`, else `mcutune` in `XDG_STATE_HOME` (XDG Base Directory Specification)."""
    own = os.environ.get("MCUTUNE_STATE")
    return Path(own) if own else Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "mcutune"


def wear_folder() -> Path:
    """Give the folder in which erasures are counted."""
    return state_folder() / "wear"
