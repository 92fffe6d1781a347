"""Flashing through the STM32 ROM bootloader on the console's UART (AN3155)."""

import logging
from contextlib import suppress

from orchestrator.device.an3155 import Bootloader
from orchestrator.device.blocks import first_difference, pages_of, program_blocks
from orchestrator.device.link import Link
from orchestrator.device.reset import reset_into_bootloader, reset_into_firmware
from orchestrator.device.wear import spend_erasures
from orchestrator.domain.board_type import BoardType, MemoryKind
from orchestrator.domain.errors import (
    DeviceRefusedError,
    DeviceSilentError,
    FlashFailedError,
    UnexpectedReplyError,
    WrongBoardError,
)
from orchestrator.domain.flash_options import Flashed, FlashOptions
from orchestrator.domain.model import FirmwareImage, Segment

logger = logging.getLogger(__name__)

_SYNC_LIMIT_S = 1.0
_PROTECTED = "write-protected (option remove_write_protection), worn out, or power too weak?"
_BY_HAND = "no line drives NRST: hold BOOT0 high, press reset, then flash again"


def flash_by_stm32_bootloader(link: Link, image: FirmwareImage, board: BoardType, options: FlashOptions) -> Flashed:
    """Flash every page of the image; see `Flasher`.

    Write protection is not reported by the bootloader when it erases or writes (AN3155 sections 3.6 and 3.8): that the
    flash did not change is all that shows it.
    """
    blocks = program_blocks(image.segments)
    bootloader = _connect(link, board, options)
    _check_board(link, image, board)
    try:
        _flash(link, bootloader, blocks, board, options)
    except (DeviceRefusedError, FlashFailedError) as error:
        if not options.remove_write_protection:
            raise
        logger.warning("%s; removing the write protection", error)
        bootloader.remove_write_protection()
        bootloader = _connect(link, board, options)  # the chip has reset itself (section 3.10)
        _flash(link, bootloader, blocks, board, options)
    _start(link, bootloader, board, options)
    return Flashed()


def _flash(link: Link, bootloader: Bootloader, blocks: list[Segment], board: BoardType, options: FlashOptions) -> None:
    pages = pages_of(blocks, board)
    if options.wear_folder is not None:
        spend_erasures(options, _unit(bootloader, link, board), board, pages)
    bootloader.erase(pages, board.flash.erase_s)
    for block in blocks:
        bootloader.write(block.address, block.data)
    for block in blocks:
        difference = first_difference(block, bootloader.read(block.address, len(block.data)))
        if difference:
            raise FlashFailedError(f"{link.name}: {difference}; {_PROTECTED}")


def _unit(bootloader: Bootloader, link: Link, board: BoardType) -> str:
    """Give the chip's unique id as the firmware reports it, or the port where it cannot be read."""
    place = board.unique_id
    if place is not None:
        with suppress(DeviceRefusedError):  # some bootloaders do not show that part of memory
            return bootloader.read(place.address, place.size_bytes).hex()
    return link.name


def _start(link: Link, bootloader: Bootloader, board: BoardType, options: FlashOptions) -> None:
    if options.wiring.reset is None:
        bootloader.go(board.memory(MemoryKind.FLASH).origin)
    link.use_even_parity(False)
    link.use_baud(board.console.baud)
    reset_into_firmware(link, options.wiring)


def _connect(link: Link, board: BoardType, options: FlashOptions) -> Bootloader:
    """Reset into the bootloader and check the chip, at each speed until it answers.

    The first speed is tried twice: the first connection after a power cycle is known to fail on some kits.
    """
    link.use_even_parity(True)
    speeds = (options.bauds[0], *options.bauds)
    for attempt, baud in enumerate(speeds, 1):
        link.use_baud(baud)
        reset_into_bootloader(link, options.wiring)
        try:
            return _identified(link, board)
        except (DeviceSilentError, UnexpectedReplyError, DeviceRefusedError, WrongBoardError) as error:
            if attempt == len(speeds):  # the product comes without a checksum: it may be noise as well
                link.use_baud(board.console.baud)
                raise _with_advice(error, options) from error
    raise AssertionError("there is always a speed")


def _identified(link: Link, board: BoardType) -> Bootloader:
    bootloader = Bootloader(link)
    bootloader.synchronise(_SYNC_LIMIT_S)
    _check_product(link, bootloader.get_id(), board)
    bootloader.learn_commands()
    return bootloader


def _with_advice(error: Exception, options: FlashOptions) -> Exception:
    if isinstance(error, DeviceSilentError) and options.wiring.reset is None:
        return DeviceSilentError(f"{error} {_BY_HAND}")
    return error


def _check_product(link: Link, product_id: int, board: BoardType) -> None:
    wanted = board.rom_bootloader
    if wanted is None or product_id != wanted.product_id:
        raise WrongBoardError(
            f"{link.name}: the bootloader reports product {product_id:#x}, but {board.name} has "
            f"{f'{wanted.product_id:#x}' if wanted else 'no ROM bootloader'}; is the hardware map right?"
        )


def _check_board(link: Link, image: FirmwareImage, board: BoardType) -> None:
    if image.board != board.name:
        raise WrongBoardError(f"{link.name}: the image is for {image.board!r}, but the unit is a {board.name!r}")
