"""Give Unicorn a function in C to call, which its Python binding has no way to."""

import ctypes
from typing import Any

import unicorn
from unicorn.unicorn_py3.unicorn import uclib

EVERYWHERE = (1, 0)
"""A range that Unicorn takes for all addresses."""


def add_native_hook(
    unicorn_engine: Any, kind: int, function: int | None, user_data: int, watched_range: tuple[int, int]
) -> None:
    """Have Unicorn call the function at address `function`; `watched_range` is first address and length in bytes.

    Raises:
        unicorn.UcError: Unicorn refused the hook.
    """
    start, size = watched_range
    handle = ctypes.c_size_t()
    status = uclib.uc_hook_add(
        unicorn_engine._uch,
        ctypes.byref(handle),
        kind,
        ctypes.c_void_p(function),
        user_data,
        ctypes.c_uint64(start),
        ctypes.c_uint64(start + size - 1 if size else 0),
    )
    if status != unicorn.UC_ERR_OK:
        raise unicorn.UcError(status)


def address_of(function: Any) -> int | None:
    """Give where a function of a loaded library is."""
    return ctypes.cast(function, ctypes.c_void_p).value


def without_effect() -> int | None:
    """Give a function that does nothing, whatever it is called with: it compares its first argument and returns."""
    return address_of(uclib.uc_arch_supported)
