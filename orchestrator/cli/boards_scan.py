"""`mcutune boards scan`."""

import click

from orchestrator.config.board_catalogue import board_type_names, load_board_type
from orchestrator.domain.errors import PortBusyError


@click.command()
@click.option("--ask", "asks", is_flag=True, help="Send a few characters to every port, to find out who answers.")
def scan(asks: bool) -> None:
    """Draft a hardware map from the kits that are plugged in: `mcutune boards scan > hardware-map.yaml`.

    A board type is filled in only where it is certain: where the debug probe says it (with the extra mcutune[probe]),
    or, with --ask, where our firmware or our loader answers.
    """
    from orchestrator.device.ports import attached_ports
    from orchestrator.device.probes import kits_by_probe
    from orchestrator.lab.scan import draft_rows
    from orchestrator.report.hardware_map_text import hardware_map_text

    rows = draft_rows(attached_ports(), board_type_names(), kits_by_probe(), _asked if asks else lambda url: None)
    click.echo(hardware_map_text(rows), nl=False)
    unknown = sum(row.platform is None for row in rows)
    click.echo(f"{len(rows)} USB serial ports, {unknown} of a board type that is not known", err=True)


def _asked(url: str) -> str | None:
    from orchestrator.device.who_answers import board_type_that_answers

    for baud in sorted({load_board_type(name).console.baud for name in board_type_names()}):
        try:
            if board := board_type_that_answers(url, baud):
                return board
        except PortBusyError as error:
            click.echo(f"not asked: {error}", err=True)
            return None
    return None
