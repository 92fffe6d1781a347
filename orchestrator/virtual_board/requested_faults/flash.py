"""Flash that does not hold what it was given."""

import logging
import random

from orchestrator.virtual_board.flash_memory import ERASED
from orchestrator.virtual_board.requested_faults.sites import Sites
from orchestrator.virtual_board.requested_faults.when import Trigger

logger = logging.getLogger(__name__)

ROW_BYTES = 64
"""A worn page has one bad bit in each row of so many bytes, so that hardly any image misses all of them."""


class WeakWrite:
    """A double word is programmed with one bit missing; the controller does not notice."""

    def __init__(self, trigger: Trigger, draw: random.Random) -> None:
        self._trigger = trigger
        self._draw = draw

    def install(self, sites: Sites) -> None:
        """Act on the flash array."""
        sites.machine.flash.faults.append(self)

    def erased(self, address: int, content: bytes) -> bytes:
        """Erasing works."""
        return content

    def programmed(self, address: int, content: bytes) -> bytes:
        """Give the double word, or the same with one of its zeros still erased."""
        if content == ERASED or not self._trigger.hits():
            return content
        value = int.from_bytes(content, "little")
        zeros = [bit for bit in range(8 * len(content)) if not value >> bit & 1]
        return (value | 1 << self._draw.choice(zeros)).to_bytes(len(content), "little")


class WornPage:
    """A page in which some bits stay zero, whatever is done."""

    def __init__(self, page: int, draw: random.Random) -> None:
        self._page = page
        self._draw = draw
        self._bad: dict[int, int] = {}

    def install(self, sites: Sites) -> None:
        """Choose the bad bits and act on the flash array."""
        flash = sites.machine.flash
        start = flash.address_of(self._page)
        for row in range(start, flash.address_of(self._page + 1), ROW_BYTES):
            self._bad[row + self._draw.randrange(ROW_BYTES)] = 1 << self._draw.randrange(8)
        flash.faults.append(self)

    def erased(self, address: int, content: bytes) -> bytes:
        """Keep the bad bits zero."""
        held = bytes(byte & ~self._bad.get(address + at, 0) for at, byte in enumerate(content))
        if held != content:
            logger.info("fault on request: flash-worn=%d, at 0x%08x", self._page, address)
        return held

    def programmed(self, address: int, content: bytes) -> bytes:
        """Keep the bad bits zero."""
        return self.erased(address, content)
