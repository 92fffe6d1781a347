"""What a labgrid coordinator tells: places, the resources that exporters offer, and which belong to which."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from orchestrator.domain.errors import BoardBusyError, BoardUnavailableError

SERIAL_CLASS = "NetworkSerialPort"
"""Under this name exporters offer local ports, behind ser2net, and ports that are on the network anyway."""

CONSOLE = "console"
"""Where a place has several serial ports, the one that it renames so is meant."""

# What `labgrid-client power` can switch.
POWER_CLASSES = (
    "NetworkPowerPort",
    "NetworkUSBPowerPort",
    "NetworkSiSPMPowerPort",
    "NetworkSysfsGPIO",
    "NetworkYKUSHPowerPort",
    "PDUDaemonPort",
    "TasmotaPowerPort",
)


class CoordinatorLostError(BoardUnavailableError):
    """The coordinator does not answer."""

    cause = "labgrid-lost"


class PlaceUnusableError(BoardUnavailableError):
    """The place is there, but not what it needs: an exporter is gone, or offers no usable serial port."""

    cause = "labgrid-place"


class PlaceBusyError(BoardBusyError):
    """Another user of the lab holds the place, or has reserved it."""


@dataclass(frozen=True)
class Match:
    """A pattern of a place for resources; `name` and `rename` may be empty."""

    exporter: str
    group: str
    cls: str
    name: str
    rename: str


@dataclass(frozen=True)
class Resource:
    """What an exporter offers.

    Attributes:
        params: its own, `extra` those that say how to reach it.
        place: the place it is acquired for; empty: none.
    """

    exporter: str
    group: str
    cls: str
    name: str
    params: Mapping[str, object]
    extra: Mapping[str, object]
    place: str
    is_available: bool


@dataclass(frozen=True)
class Place:
    """A place; `holder` is `<host>/<user>`, or empty."""

    name: str
    tags: Mapping[str, str]
    matches: tuple[Match, ...]
    holder: str

    def name_for(self, resource: Resource) -> str | None:
        """Give the resource's name within the place, None where it does not belong to it."""
        for match in self.matches:
            pairs = [(resource.exporter, match.exporter), (resource.group, match.group), (resource.cls, match.cls)]
            if match.name:
                pairs.append((resource.name, match.name))
            if all(fnmatchcase(value, pattern) for value, pattern in pairs):
                return match.rename or resource.name
        return None


def console_of(place: Place, resources: Iterable[Resource]) -> Resource:
    """Give the serial port of a place.

    Raises:
        PlaceUnusableError: no exporter offers one, or there are several and none is named `CONSOLE`.
    """
    offered = [one for one in resources if one.cls == SERIAL_CLASS and one.is_available]
    ports = {name: one for one in offered if (name := place.name_for(one)) is not None}
    if len(ports) > 1 and CONSOLE in ports:
        return ports[CONSOLE]
    if len(ports) > 1:
        raise PlaceUnusableError(
            f"place {place.name}: has the serial ports {', '.join(sorted(ports))}; "
            f"one must be renamed to {CONSOLE!r} (`labgrid-client add-named-match`)"
        )
    for port in ports.values():
        return port
    raise PlaceUnusableError(f"place {place.name}: no exporter offers a {SERIAL_CLASS} for it; does its exporter run?")


def has_power(place: Place, resources: Iterable[Resource]) -> bool:
    """Whether the place's power can be switched."""
    return any(one.cls in POWER_CLASSES and place.name_for(one) is not None for one in resources)


def serial_url(place: Place, port: Resource) -> str:
    """Give pyserial's URL of a port that was acquired.

    Raises:
        PlaceUnusableError: the port cannot be reached from here.
    """
    host, number, protocol = (port.params.get(key) for key in ("host", "port", "protocol"))
    if port.extra.get("proxy_required"):
        raise PlaceUnusableError(f"place {place.name}: its exporter is isolated, and wants SSH forwarding")
    if not host or not number:
        raise PlaceUnusableError(f"place {place.name}: its exporter says no host and port of {port.name}")
    if protocol == "raw":
        return f"socket://{host}:{number}"
    # ser2net does not confirm modem lines of ports that have none; labgrid's own driver does not wait for it either.
    return f"rfc2217://{host}:{number}?ign_set_control"
