"""Which files of the runtime a network needs: what it calls, what that calls in turn, and their headers."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestrator.export.templates import render
from orchestrator.toolchain.runtime_files import runtime_headers, runtime_sources

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_NAME = re.compile(r"\bmt_\w+")
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# A function with a body, or a table with values, that begins at the left margin and is not static.
_DEFINITION = re.compile(
    r"^(?!static\b)[A-Za-z_][^;{}#=]*?\b(mt_\w+)\s*(?:\([^;{}]*\)\s*\{|(?:\[[^\]]*\])+\s*=)", re.MULTILINE
)

_LICENCE_LINE = "/* SPDX-License-Identifier: Apache-2.0 */\n"
_KEY_DIGITS = 12
_KEY_FILE = "mt_runtime_key.c"


@dataclass(frozen=True)
class Runtime:
    """Files of the runtime by name, with their text; `key` tells versions of the whole runtime apart."""

    kernels: dict[str, str]
    headers: dict[str, str]
    key: str


def runtime_for(source: str) -> Runtime:
    """Give what a generated translation unit needs.

    Both paths of conditional code count, because the library is compiled for whatever core its user has.
    """
    texts = {path.name: path.read_text(encoding="utf-8") for path in runtime_sources()}
    headers = {path.name: path.read_text(encoding="utf-8") for path in runtime_headers()}
    kernels = _called(source, texts)
    included = _included([source, *(texts[name] for name in kernels)], headers)
    key = _key((*texts.values(), *headers.values()))
    texts[_KEY_FILE] = render("runtime_key.c", {"runtime_key": key})
    return Runtime(
        kernels={name: _LICENCE_LINE + texts[name] for name in (*kernels, _KEY_FILE)},
        headers={name: _LICENCE_LINE + headers[name] for name in included},
        key=key,
    )


def _called(source: str, texts: dict[str, str]) -> list[str]:
    """Give the names of the files that define what `source` names, and what those name in turn."""
    code = {name: _COMMENT.sub(" ", text) for name, text in texts.items()}
    file_of = {symbol: name for name, text in code.items() for symbol in _DEFINITION.findall(text)}
    found: set[str] = set()
    waiting = [_COMMENT.sub(" ", source)]
    while waiting:
        named = {file_of[symbol] for symbol in _NAME.findall(waiting.pop()) if symbol in file_of}
        waiting += [code[name] for name in sorted(named - found)]
        found |= named
    return sorted(found)


def _included(sources: Iterable[str], headers: dict[str, str]) -> list[str]:
    found: set[str] = set()
    waiting = list(sources)
    while waiting:
        named = {Path(name).name for name in _INCLUDE.findall(waiting.pop())} & headers.keys()
        waiting += [headers[name] for name in sorted(named - found)]
        found |= named
    return sorted(found)


def _key(texts: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:_KEY_DIGITS]
