"""Where a lab host keeps what must outlive its agent."""

import os
from pathlib import Path


def state_folder() -> Path:
    """Give `$MCUTUNE_STATE`, or `mcutune` in the user's folder for state (XDG Base Directory Specification)."""
    if named := os.environ.get("MCUTUNE_STATE"):
        return Path(named)
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(home) / "mcutune"
