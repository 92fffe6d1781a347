"""A drafted hardware map as YAML."""

import json
from collections.abc import Iterable

from orchestrator.lab.scan import DraftRow

HEAD = """\
# What `mcutune boards scan` found. A row with `connected: false` needs its `platform` (`mcutune boards` lists them)
# and `connected: true`; `mcutune boards check --hardware-map FILE` tries them all. docs/lab.md explains the fields.
"""


def hardware_map_text(rows: Iterable[DraftRow]) -> str:
    """Give the rows as a hardware map, with comments on what is to be filled in."""
    parts = [_row(row) for row in rows]
    return HEAD + ("".join(parts) if any(not part.startswith("#") for part in parts) else "".join(parts) + "[]\n")


def _row(row: DraftRow) -> str:
    port = row.port
    if port.by_id is None:
        return f"# {port.device} ({port.product}): has no name under /dev/serial/by-id; does udev run here?\n"
    lines = [
        f"- id: {json.dumps(row.id)}",
        f"  connected: {'true' if row.platform else 'false  # fill in `platform` first'}",
        f"  platform: {row.platform or 'unknown'}{f'  # {row.certain_by}' if row.platform else ''}",
        f"  product: {json.dumps(port.product)}",
        f"  serial: {json.dumps(str(port.by_id))}  # {port.device} at present",
    ]
    if port.serial_number:
        lines.append(f"  probe_id: {json.dumps(port.serial_number)}")
    return "\n".join(lines) + "\n"
