"""Debug probes that know which kit they sit on, through pyOCD, where that is installed."""

from collections.abc import Iterable
from importlib.util import find_spec
from typing import Any


def kits_by_probe(probes: Iterable[Any] | None = None) -> dict[str, str]:
    """Give the kit's name of each attached probe that says it, by the probe's unique id; empty without pyOCD.

    An ST-LINK and a DAPLink carry a board id of Mbed's registry, which pyOCD knows the names of.

    Args:
        probes: pyOCD's probes; None: ask it.
    """
    if probes is None:
        probes = _attached()
    named = ((probe.unique_id, probe.associated_board_info) for probe in probes)
    return {unique_id: info.name for unique_id, info in named if info is not None}


def _attached() -> list[Any]:
    if find_spec("pyocd") is None:
        return []
    from pyocd.core.helpers import ConnectHelper

    found: list[Any] = ConnectHelper.get_all_connected_probes(blocking=False, print_wait_message=False)
    return found
