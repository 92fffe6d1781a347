"""GPIO of nRF52 (nRF52840 product specification, chapter "GPIO"): two ports in one block, outputs read back in IN."""

from collections.abc import Callable

from orchestrator.domain.pin import Pin
from orchestrator.virtual_board.peripherals.peripheral import Peripheral

OUT, OUTSET, OUTCLR, IN, DIR, DIRSET, DIRCLR, PIN_CNF = 0x504, 0x508, 0x50C, 0x510, 0x514, 0x518, 0x51C, 0x700
PORT_BYTES = 0x300
"""P1 lies so far behind P0."""

IS_OUTPUT, INPUT_DISCONNECTED = 1 << 0, 1 << 1
_PINS = (32, 16)
_SET, _CLEAR = {OUTSET: OUT, DIRSET: DIR}, {OUTCLR: OUT, DIRCLR: DIR}


class GpioOfNrf(Peripheral):
    """DIR and the DIR bits of PIN_CNF are the same."""

    def __init__(self) -> None:
        configurations = (
            PORT_BYTES * port + PIN_CNF + 4 * pin for port, pins in enumerate(_PINS) for pin in range(pins)
        )
        super().__init__(dict.fromkeys(configurations, INPUT_DISCONNECTED))
        self._watchers: list[tuple[Pin, Callable[[bool], None]]] = []
        self._driven_high: set[Pin] = set()

    def watch(self, pin: Pin, on_change: Callable[[bool], None]) -> None:
        """Tell `on_change` whenever `pin` begins or ceases to be an output that is high."""
        self._watchers.append((pin, on_change))

    def reset(self) -> None:
        super().reset()
        self._drive()

    def read(self, offset: int) -> int:
        port, register = _port_and_register(offset)
        if register == IN:
            return self.stored(port + OUT) & self.stored(port + DIR)
        shown = _SET.get(register, _CLEAR.get(register, register))
        return self.stored(port + shown)

    def write(self, offset: int, value: int) -> None:
        port, register = _port_and_register(offset)
        if register in _SET:
            self._change(port, _SET[register], self.stored(port + _SET[register]) | value)
        elif register in _CLEAR:
            self._change(port, _CLEAR[register], self.stored(port + _CLEAR[register]) & ~value)
        elif register != IN:
            self._change(port, register, value)

    def is_output(self, pin: Pin) -> bool:
        """Say whether a pin drives its line."""
        return bool(self.stored(PORT_BYTES * pin.port + DIR) >> pin.number & 1)

    def is_input(self, pin: Pin) -> bool:
        """Say whether what is on a pin's line reaches the chip."""
        configuration = self.stored(PORT_BYTES * pin.port + PIN_CNF + 4 * pin.number)
        return not configuration & (IS_OUTPUT | INPUT_DISCONNECTED)

    def is_driven_high(self, pin: Pin) -> bool:
        """Say whether a pin is an output that is high."""
        return bool(self.read(PORT_BYTES * pin.port + IN) >> pin.number & 1)

    def _change(self, port: int, register: int, value: int) -> None:
        super().write(port + register, value)
        if register == DIR:
            for pin in range(32):
                at = port + PIN_CNF + 4 * pin
                self._stored[at] = self.stored(at) & ~IS_OUTPUT | value >> pin & 1
        elif register >= PIN_CNF:
            pin = (register - PIN_CNF) // 4
            self._stored[port + DIR] = self.stored(port + DIR) & ~(1 << pin) | (value & IS_OUTPUT) << pin
        self._drive()

    def _drive(self) -> None:
        before = self._driven_high
        self._driven_high = {pin for pin, _ in self._watchers if self.is_driven_high(pin)}
        for pin, on_change in self._watchers:
            if pin in before ^ self._driven_high:
                on_change(pin in self._driven_high)


def _port_and_register(offset: int) -> tuple[int, int]:
    """Take an offset apart into that of its port and the register's in a port."""
    port = PORT_BYTES if offset >= PORT_BYTES + OUT else 0
    return port, offset - port
