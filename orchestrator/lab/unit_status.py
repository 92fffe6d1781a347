"""What an agent tells of its units, for the status table."""

from dataclasses import dataclass

from orchestrator.lab.health import Health


@dataclass(frozen=True)
class UnitStatus:
    """One unit at one moment.

    Attributes:
        unit: unique in the lab: `<host>/<id of the hardware map>`.
        device_id: unique id of the chip, as it last reported it; empty before it first did.
        busy_with: the sweep whose request it works on; empty: idle.
        reason: why it is not healthy.
        checked_at: of the last health check, seconds since the epoch; None: never.
        measurements, failures: since the agent started.
        sweep: the only sweep that it serves, which brought it; None: any.
        worst_page_erasures: of the flash page erased most often, of `endurance_cycles` in the data sheet.
    """

    unit: str
    board: str
    health: Health
    device_id: str = ""
    busy_with: str = ""
    reason: str = ""
    checked_at: float | None = None
    measurements: int = 0
    failures: int = 0
    worst_page_erasures: int = 0
    endurance_cycles: int = 0
    has_meter: bool = False
    sweep: str | None = None
