"""`mcutune measure`."""

import json
from pathlib import Path

import click

from orchestrator.cli.logs import send_logs_to
from orchestrator.config.board_catalogue import load_board_type
from orchestrator.config.flash_options import read_flash_options
from orchestrator.config.state_folder import wear_folder
from orchestrator.config.units import parse_voltage_v
from orchestrator.domain.errors import InputError, McutuneError
from orchestrator.domain.flash_options import FlashOptions
from orchestrator.domain.measurement import CyclesSource
from orchestrator.domain.meter import MeterSetup

DEFAULT_VOLTAGE = "3.3V"
"""Of the kits that boards/ describes, at the jumper IDD or its like."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path), metavar="MODEL.tflite")
@click.option("--board", "board_name", required=True, metavar="TYPE", help="Board type; `mcutune boards` lists them.")
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), metavar="OUT.json", help="Write the figures here."
)
@click.option(
    "--input",
    "input_file",
    type=click.Path(path_type=Path),
    metavar="FILE.npy",
    help="Samples [N, ...] in the input's stored type to compare with TFLM, instead of random ones.",
)
@click.option(
    "--samples", type=click.IntRange(min=1), default=4, show_default=True, help="Random inputs to compare with TFLM."
)
@click.option(
    "--stream",
    "is_stream",
    is_flag=True,
    help="Compare the samples as one sequence: a recurrent network keeps its state from one to the next.",
)
@click.option("--repeats", type=click.IntRange(min=1), default=3, show_default=True, help="Timed inferences.")
@click.option(
    "--device",
    default="virtual",
    show_default=True,
    metavar="DEVICE",
    help="virtual, renode, or the path or URL of a board's serial port (/dev/ttyACM0, rfc2217://host:port).",
)
@click.option(
    "--cycles-source",
    type=click.Choice([source.value for source in CyclesSource]),
    help="What counts the cycles of a board at a port; its firmware cannot tell.  [default: silicon]",
)
@click.option(
    "--flashing",
    type=click.Path(path_type=Path),
    metavar="FILE.yaml",
    help="How the board at a port is flashed: docs/boards.md; by default its type's first method.",
)
@click.option("--zero-wait-states", is_flag=True, help="Count cycles as if flash had no wait states.")
@click.option("--count-instructions", is_flag=True, help="Count instructions in place of cycles.")
@click.option("--memory-plan", is_flag=True, help="Draw which tensor lies where in the arena, and when.")
@click.option("--serial-log", type=click.Path(path_type=Path), metavar="FILE", help="Keep the raw serial traffic.")
@click.option("--meter", metavar="URL", help="Port of a Power Profiler Kit II in the board's supply: docs/energy.md.")
@click.option("--meter-voltage", metavar="V", help="The board's supply, such as 3.3V (the default) or 1800mV.")
@click.option("--meter-source", is_flag=True, help="Let the meter power the board; else it measures as an ammeter.")
@click.option("--verbose", is_flag=True, help="Show log lines, and the trace of an error.")
def measure(
    model: Path,
    board_name: str,
    json_file: Path | None,
    input_file: Path | None,
    samples: int,
    is_stream: bool,
    repeats: int,
    device: str,
    cycles_source: str | None,
    flashing: Path | None,
    zero_wait_states: bool,
    count_instructions: bool,
    memory_plan: bool,
    serial_log: Path | None,
    meter: str | None,
    meter_voltage: str | None,
    meter_source: bool,
    verbose: bool,
) -> None:
    """Compile an int8 or 16x8 .tflite, flash it onto a board and measure it.

    Prints RAM, flash, cycles and latency, and how the device's outputs compare with TFLM's. Exit code 1 when the
    network does not fit or the measurement fails, 2 for bad input.
    """
    from orchestrator.pipeline.measure_model import measure_model
    from orchestrator.report.measure_json import error_as_json, report_as_json
    from orchestrator.report.measure_text import report_as_text
    from orchestrator.report.memory_plan import memory_plan_as_text

    send_logs_to(None, verbose)
    try:
        report = measure_model(
            _read(model),
            load_board_type(board_name),
            samples=samples,
            repeats=repeats,
            zero_wait_states=zero_wait_states,
            count_instructions=count_instructions,
            inputs=input_file,
            is_stream=is_stream,
            serial_log=serial_log,
            meter=_meter(meter, meter_voltage, meter_source),
            device=device,
            cycles_source=CyclesSource(cycles_source) if cycles_source else None,
            flash=_flash_options(device, flashing),
        )
    except McutuneError as error:
        _write(json_file, error_as_json(error))
        raise
    _write(json_file, report_as_json(report))
    click.echo(report_as_text(report))
    if memory_plan:
        click.echo(memory_plan_as_text(report.memory_plan))


def _flash_options(device: str, flashing: Path | None) -> FlashOptions:
    """Erasures are counted where flash wears: on boards at ports."""
    from orchestrator.lab.devices import is_port

    if is_port(device) and flashing is not None:
        return read_flash_options(flashing, wear_folder())
    if is_port(device):
        return FlashOptions(wear_folder=wear_folder())
    if flashing is not None:
        raise InputError(f"--flashing {flashing}: goes with a board at a port only, not with --device {device}")
    return FlashOptions()


def _meter(url: str | None, voltage: str | None, is_source: bool) -> MeterSetup | None:
    if url is None:
        if voltage is not None or is_source:
            raise InputError("--meter-voltage, --meter-source: make sense with --meter URL only")
        return None
    try:
        return MeterSetup(url, parse_voltage_v(DEFAULT_VOLTAGE if voltage is None else voltage), is_source)
    except ValueError as error:
        raise InputError(f"--meter-voltage: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error


def _write(path: Path | None, content: dict[str, object]) -> None:
    if path is None:
        return
    try:
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--json {path}: cannot be written: {error.strerror}") from error
