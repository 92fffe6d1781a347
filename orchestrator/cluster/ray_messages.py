"""What Ray has to say to a driver, in the log: Ray prints it to stdout, which is for results."""

import logging
from typing import Any

import ray

logger = logging.getLogger(__name__)

NO_CONCERN = "worker processes have been started"
"""Coordinators hold no CPU, so that there are more processes than Ray expects by the CPUs."""


def to_the_log() -> None:
    """Have what Ray tells drivers logged from now on; Ray has no setting for it."""
    ray._private.worker.print_to_stdstream = _log


def _log(message: dict[str, Any], ignore_prefix: bool) -> None:
    """Take the place of `ray._private.worker.print_to_stdstream`, whose arguments these are."""
    for line in message["lines"]:
        level = logging.DEBUG if NO_CONCERN in line else logging.WARNING
        logger.log(level, "%s: %s", message["pid"], line.strip())
