"""Peripherals that Renode has no model of, as scripts for its `Python.PythonPeripheral`.

Renode runs the script for every access; its variables stay. Releases up to 1.16.0 write the attributes of a request in
lower case (`isInit`), later ones in upper case (`IsInit`): the first lines make them one. The language is IronPython 2.
"""

from orchestrator.renode.families import AddressEraser, Counter, Family, Registers, SectorEraser

_REQUEST = """
_new = hasattr(request, "IsInit")
_is_init = request.IsInit if _new else request.isInit
_is_write = request.IsWrite if _new else request.isWrite
_offset = request.Offset if _new else request.offset
_value = request.Value if _new else request.value
"""

_ANSWER = """
if _new:
    request.Value = _value
else:
    request.value = _value
"""


def counter_script(counter: Counter) -> str:
    """Count executed instructions: exactly those of the core, whatever Renode takes for their time.

    Renode's own models of DWT and timers count virtual time, which before 1.16.0 stands still within a quantum.
    """
    return f"""{_REQUEST}
if _is_init:
    _core = self.GetMachine()["sysbus.cpu"]
    _start = _core.ExecutedInstructions
elif _offset == {counter.count}:
    if _is_write:
        _start = _core.ExecutedInstructions - _value
    else:
        _value = (_core.ExecutedInstructions - _start) & 0xFFFFFFFF
elif not _is_write:
    _value = 0
{_ANSWER}"""


def registers_script(registers: Registers) -> str:
    """Keep what is written, and show status bits as their control bits are."""
    follows = [(f.register, f.bit, f.status_register, f.status_bit) for f in registers.follows]
    return f"""{_REQUEST}
if _is_init:
    _words = {dict(registers.reset)}
elif _is_write:
    _words[_offset] = _value
else:
    _value = _words.get(_offset, 0)
    for _register, _bit, _status, _status_bit in {follows}:
        if _status == _offset and _words.get(_register, 0) >> _bit & 1:
            _value |= 1 << _status_bit
{_ANSWER}"""


def flash_script(family: Family, origin: int, sector_starts: tuple[int, ...]) -> str:
    """Erase the sector that is asked for; busy and error bits stay 0, and stores reach the flash as they are."""
    conditions = "".join(_erasure(eraser, origin, len(sector_starts) - 1) for eraser in family.erasers)
    states = [eraser.status for eraser in family.erasers if isinstance(eraser, SectorEraser)]
    return f"""{_REQUEST}
if _is_init:
    _words = {dict(family.flash.reset)}
    _starts = {list(sector_starts)}
elif _offset in {states}:
    _value = 0
elif _is_write:
    _words[_offset] = _value
    _sector = None
{conditions}
    if _sector is not None:
        _erased = System.Array[System.Byte]([0xFF] * (_starts[_sector + 1] - _starts[_sector]))
        self.GetMachine().SystemBus.WriteBytes(_erased, {origin} + _starts[_sector])
else:
    _value = _words.get(_offset, 0)
{_ANSWER}"""


def _erasure(eraser: SectorEraser | AddressEraser, origin: int, sectors: int) -> str:
    """Give the lines that find the sector which a write asks to be erased."""
    if isinstance(eraser, AddressEraser):
        return f"""
    if _offset == {eraser.register}:
        _sector = _starts.index(int(_value) - {origin})
"""
    bank = f"int(_value >> {eraser.second_bank_bit} & 1)" if eraser.second_bank_bit else int(eraser.is_second_bank)
    return f"""
    if _offset == {eraser.control} and _value & {eraser.chosen} == {eraser.chosen}:
        _sector = int(_value >> {eraser.first_bit} & {(1 << eraser.bits) - 1}) + {bank} * {sectors // 2}
"""
