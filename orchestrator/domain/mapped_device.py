"""A dev kit on somebody's desk, as a row of the hardware map describes it."""

from dataclasses import dataclass, field
from pathlib import Path

from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.meter import MeterSetup


@dataclass(frozen=True)
class MappedDevice:
    """One row of `hardware-map.yaml`; the names are those of Zephyr twister's hardware map.

    Attributes:
        id: names the unit within its host; twister puts the debug probe's serial number here.
        connected: False: the row is kept, the unit is not used.
        platform: the board type.
        product: what the kit calls itself on USB, for people.
        runner: flashing method, or a command by its name; None: the board type's preferred method.
        runner_params: options of the method, `key=value` each.
        serial: port by a name that does not change, or any URL of pyserial.
        baud: of the console; None: the board type's.
        probe_id: unique id of the debug probe, where the method needs one.
        cycles_source: what counts its cycles, where it is no dev kit; its firmware cannot tell.
        meter: in the kit's supply; None: there is none.
        fixtures: what is attached to the kit, for people.
        pre_script, post_flash_script, post_script: programs run before flashing, after flashing and after
            measuring; run without a shell.
        flash_timeout_s: the longest that a command may take to flash.
        flash: runner, runner_params, probe_id and flash_timeout_s as flashing takes them.
    """

    id: str
    platform: str
    serial: str
    connected: bool = True
    product: str = ""
    runner: str | None = None
    runner_params: tuple[str, ...] = ()
    baud: int | None = None
    probe_id: str | None = None
    fixtures: tuple[str, ...] = ()
    notes: str = ""
    pre_script: Path | None = None
    post_flash_script: Path | None = None
    post_script: Path | None = None
    flash_timeout_s: float | None = None
    flash: FlashOptions = field(default_factory=FlashOptions)
    meter: MeterSetup | None = None
    cycles_source: CyclesSource = CyclesSource.SILICON
