"""The places that an agent serves."""

import importlib.util
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.errors import BoardUnavailableError, InputError
from orchestrator.domain.measurement import CyclesSource

if TYPE_CHECKING:
    from orchestrator.lab.unit import Unit
    from orchestrator.labgrid_places.place import Place

logger = logging.getLogger(__name__)

DEFAULT_TAG = "mcutune"
SOURCE_TAG = "cycles_source"
NEEDED = ("grpc", "grpc_reflection", "google.protobuf")


@contextmanager
def place_units(address: str, tags: Iterable[str], host: str) -> "Iterator[list[Unit]]":
    """Give a unit for each place of a labgrid coordinator that a tag gives a board type, for the time of the block.

    Args:
        address: `HOST[:PORT]` of the coordinator.
        tags: `KEY`, whose value is the board type, or `KEY=TYPE`; none: `DEFAULT_TAG`.
        host: the agent's name in the lab.

    Raises:
        InputError: the extra is not installed, no coordinator answers, or no place has such a tag.
    """
    if not all(_is_installed(name) for name in NEEDED):
        raise InputError("--labgrid: needs more to be installed: pip install 'mcutune[labgrid]'")
    from orchestrator.labgrid_places.coordinator import Coordinator
    from orchestrator.labgrid_places.place_unit import PlaceUnit

    wanted = dict(_tag(text) for text in tags) or {DEFAULT_TAG: None}
    coordinator = Coordinator(address, host)
    try:
        found = coordinator.places_with(wanted)
        units: list[Unit] = [
            PlaceUnit(place.name, load_board_type(board), _source(place), coordinator)
            for place, board in found
            if _is_known(place.name, board)
        ]
        if not units:
            shown = ", ".join(f"{key}={value or '<board type>'}" for key, value in wanted.items())
            raise InputError(f"--labgrid {address}: no place there has a tag {shown}")
        yield units
    except BoardUnavailableError as error:
        raise InputError(f"--labgrid {address}: {error}") from error
    finally:
        coordinator.close()


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # its parent is not there either
        return False


def _tag(text: str) -> tuple[str, str | None]:
    key, equals, board = text.partition("=")
    if not key or (equals and not board):
        raise InputError(f"--place-tag {text}: must be KEY or KEY=TYPE, such as board=nucleo_l476rg")
    return key, load_board_type(board).name if board else None


def _source(place: "Place") -> CyclesSource:
    """What counts the place's cycles, where it is no dev kit."""
    said = place.tags.get(SOURCE_TAG, CyclesSource.SILICON.value)
    try:
        return CyclesSource(said)
    except ValueError as error:
        known = ", ".join(source.value for source in CyclesSource)
        raise InputError(f"place {place.name}: {SOURCE_TAG}={said}: must be one of {known}") from error


def _is_known(place: str, board: str) -> bool:
    """A lab may have boards of newer versions of ours, or of none."""
    if board in board_type_names():
        return True
    logger.warning("place %s: left out, %r is no board type that is known here", place, board)
    return False
