"""The serial ports that are plugged in."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serial.tools import list_ports

BY_ID = Path("/dev/serial/by-id")


@dataclass(frozen=True)
class AttachedPort:
    """A serial port of a USB device.

    Attributes:
        device: as the kernel numbered it, such as `/dev/ttyACM0`.
        by_id: the name that stays its own, a link made by udev; None: there is none.
        serial_number: of the USB device; on a kit, its debug probe's unique id. Empty: it has none.
        product: what the device calls itself, with its maker.
    """

    device: str
    by_id: Path | None
    serial_number: str
    product: str


def attached_ports(listed: Iterable[Any] | None = None, by_id: Path = BY_ID) -> list[AttachedPort]:
    """Give the USB serial ports, ordered by their lasting names.

    Args:
        listed: ports as pyserial lists them; None: ask it.
        by_id: folder of links.
    """
    links = {str(link.resolve()): link for link in sorted(by_id.glob("*"))}
    ports = [
        AttachedPort(
            device=port.device,
            by_id=links.get(str(Path(port.device).resolve())),
            serial_number=port.serial_number or "",
            product=" ".join(filter(None, (port.manufacturer, port.product))),
        )
        for port in (list_ports.comports() if listed is None else listed)
        if port.vid is not None  # what is soldered to the host is no kit
    ]
    return sorted(ports, key=lambda port: (str(port.by_id or "~"), port.device))
