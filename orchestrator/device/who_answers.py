"""Ask an unknown port whether our firmware or our resident loader is behind it."""

from orchestrator.device.link import SerialLink
from orchestrator.device.resident_loader import ResidentLoader
from orchestrator.device.runner import Runner
from orchestrator.domain.errors import DeviceError

LIMIT_S = 1.0


def board_type_that_answers(url: str, baud: int) -> str | None:
    """Give the name of the board type that answers on a port, None where nothing of ours does.

    Sends a few characters to whatever is there. A firmware of ours stays as it is; where none answers, the loader is
    called, and waits for an image afterwards.

    Raises:
        PortMissingError, PortBusyError: the port cannot be opened.
    """
    with SerialLink(url, baud) as link:
        link.use_even_parity(False)
        try:
            runner = Runner(link, inference_s=0.0)
            runner.synchronise(LIMIT_S)
            return runner.identity().board
        except DeviceError:
            pass  # it is no firmware of ours; it may be the loader
        try:
            return ResidentLoader(link).synchronise(LIMIT_S).board
        except DeviceError:
            return None
