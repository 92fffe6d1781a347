"""The prefix of a library: file names, functions, constants."""

import re
from dataclasses import dataclass
from pathlib import Path

from orchestrator.domain.errors import InputError

_MAX_CHARACTERS = 40

# The library's own files, targets of CMake, and headers of C that NAME.h would hide.
_RESERVED = {
    "main", "startup", "runtime", "mcutune_runtime", "mt",
    "all", "clean", "help", "install", "package", "test", "edit_cache", "rebuild_cache",
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits", "locale", "math",
    "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef", "stdint", "stdio", "stdlib",
    "stdnoreturn", "string", "tgmath", "threads", "time", "uchar", "wchar",
}  # fmt: skip


@dataclass(frozen=True)
class LibraryName:
    """A checked prefix: `text_run()`, `UPPER_ARENA_BYTES`."""

    text: str

    def __post_init__(self) -> None:
        """Refuse what C, CMake or the runtime cannot take."""
        is_identifier = re.fullmatch("[a-z][a-z0-9_]*", self.text) is not None
        if not is_identifier or len(self.text) > _MAX_CHARACTERS:
            raise InputError(
                f"--name must be lower-case letters, digits and '_', begin with a letter and have at most "
                f"{_MAX_CHARACTERS} characters, but got {self.text!r}"
            )
        if _is_reserved(self.text):
            raise InputError(f"--name {self.text}: is the name of another file, target or header; take another one")

    @classmethod
    def of_file(cls, model: Path) -> "LibraryName":
        """Give a name after a model's file: `kws-ref v2.tflite` gives `kws_ref_v2`."""
        words = re.sub("[^a-z0-9]+", "_", model.stem.lower()).strip("_")
        is_good = words[:1].isalpha() and not _is_reserved(words)
        return cls((words if is_good else f"model_{words}")[:_MAX_CHARACTERS].rstrip("_"))

    @property
    def upper(self) -> str:
        """Prefix of constants."""
        return self.text.upper()


def _is_reserved(text: str) -> bool:
    return text in _RESERVED or text.startswith("mt_")
