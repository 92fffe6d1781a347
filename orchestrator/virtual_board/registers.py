"""Core registers of a Unicorn engine, read and written without the detours of its Python binding."""

import ctypes
from typing import Any

from unicorn.unicorn_py3.unicorn import uclib


class Registers:
    """Access by Unicorn's register numbers; `Uc.reg_read` is six times slower, an interrupt needs dozens."""

    def __init__(self, unicorn: Any) -> None:
        self._handle = unicorn._uch
        self._value = ctypes.c_uint64()
        self._pointer = ctypes.byref(self._value)

    def read(self, number: int) -> int:
        """Read a register of up to 64 bits."""
        self._value.value = 0
        uclib.uc_reg_read(self._handle, number, self._pointer)
        return self._value.value

    def write(self, number: int, value: int) -> None:
        """Write a register of up to 64 bits."""
        self._value.value = value
        uclib.uc_reg_write(self._handle, number, self._pointer)
