"""The tree of errors, by cause.

A network that is too big or too slow is a *result* (see `outcome`), not an error. Errors are of two kinds: bad
input from the user (one line, exit code 2) and infrastructure faults (retried, never told to the search).
"""


class McutuneError(Exception):
    """Any error of ours; its text is one line that says what was attempted, what came back and what to do."""


class InputError(McutuneError):
    """The user's input is wrong: an experiment file, an option, a model. Ends the command with exit code 2."""


class UnsupportedModelError(InputError):
    """The .tflite file is damaged, dynamic, or uses something the compiler does not support."""


class DoesNotFitError(McutuneError):
    """The image needs more than a memory of the board has. A result of the candidate, not a fault.

    Attributes:
        missing_bytes: bytes missing per memory region, e.g. `{"SRAM1": 5120}`; never empty.
    """

    def __init__(self, missing_bytes: dict[str, int]) -> None:
        self.missing_bytes = dict(missing_bytes)
        parts = ", ".join(f"{count} bytes too many for {name}" for name, count in missing_bytes.items())
        super().__init__(f"does not link into the board's memories: {parts}")


class InfrastructureError(McutuneError):
    """Something of ours or of the lab failed; the candidate is not to blame. `cause` is stable and short."""

    cause = "infrastructure"


class ToolchainError(InfrastructureError):
    """A compiler or linker failed for another reason than size: a defect, or a missing tool."""

    cause = "toolchain"


class DeviceError(InfrastructureError):
    """A board or its serial line did not do what it should."""

    cause = "device"


class PortMissingError(DeviceError):
    """The serial port does not exist or cannot be opened."""

    cause = "port-missing"


class BoardUnavailableError(DeviceError):
    """The board cannot be had at present, and neither it nor what is asked of it is to blame: to be tried again."""

    cause = "unavailable"


class BoardBusyError(BoardUnavailableError):
    """Somebody else uses the board."""

    cause = "busy"


class PortBusyError(BoardBusyError):
    """Another program holds the serial port."""


class DeviceSilentError(DeviceError):
    """Nothing came back before the deadline."""

    cause = "silent"


class UnexpectedReplyError(DeviceError):
    """Something came back, but not what the protocol says."""

    cause = "garbage"


class DeviceRefusedError(DeviceError):
    """The board said no: a NACK of the bootloader or an error line of the firmware."""

    cause = "refused"


class FlashFailedError(DeviceError):
    """The image did not arrive in flash as sent (verification failed)."""

    cause = "flash-failed"


class WornOutError(DeviceError):
    """The unit's flash has been erased as often as it endures."""

    cause = "worn-out"


class WrongBoardError(DeviceError):
    """Another type of board answers than the one that was asked for."""

    cause = "wrong-board"


class WrongImageError(DeviceError):
    """The firmware that answers carries another model than the one just flashed."""

    cause = "wrong-image"


class DeviceFaultError(DeviceError):
    """The firmware reported a CPU fault."""

    cause = "device-fault"


class WrongClockError(DeviceError):
    """The core does not run at the clock that the board type names: seconds made of its cycles would be wrong."""

    cause = "wrong-clock"


class WrongSettingsError(DeviceError):
    """The chip reads its memories in another way than the board type says."""

    cause = "wrong-settings"


class StoppedCounterError(DeviceError):
    """The cycle counter of the core stands still."""

    cause = "no-cycles"


class MeterError(DeviceError):
    """The energy meter is silent, lost samples, or did not see the inferences it should have."""

    cause = "meter"


class ParityError(InfrastructureError):
    """Device and host build of the same C disagree: a defect of compiler, runtime or board."""

    cause = "parity"
