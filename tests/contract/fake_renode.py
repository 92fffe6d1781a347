#!/usr/bin/env python
"""A fake `renode` that tests the driver, not Renode: its monitor on standard input, its words, its pseudo terminal.

What answers behind the pseudo terminal is a virtual board that was started with the loaded image. FAKE_RENODE names
what goes wrong, FAKE_RENODE_BOARD the board type.
"""

import json
import os
import pty
import subprocess
import sys
import threading
import tty
from pathlib import Path

MISCHIEF = os.environ.get("FAKE_RENODE", "")


def say(text: str) -> None:
    print(text, flush=True)


def pump(source: int, target: int) -> None:
    while data := os.read(source, 4096):
        os.write(target, data)


class Emulation:
    def __init__(self) -> None:
        self.image: Path | None = None
        self.master, self.slave = -1, -1
        self.answers = 0

    def obey(self, line: str) -> None:
        command, *words = line.split()
        if command == "python":
            self.answer(eval(line.removeprefix("python ").strip('"').removeprefix("print")))
        elif command == "version":
            say("Renode v1.15.3.0")
        elif MISCHIEF == "refuses" and words[:1] == ["LoadPlatformDescription"]:
            say(f"There was an error executing command '{line}'\r\nError E21: Could not find any suitable constructor")
        elif words[:1] == ["CreateUartPtyTerminal"]:
            self.master, self.slave = pty.openpty()
            tty.setraw(self.slave)
            Path(words[2].strip('"')).symlink_to(os.ttyname(self.slave))
        elif words[:1] == ["LoadELF"]:
            self.image = Path(words[1].removeprefix("@"))
            if not self.image.is_file():
                say(f"There was an error executing command '{line}'\r\nFile does not exist: {self.image}")
        elif command == "start":
            self.start()

    def answer(self, text: str) -> None:
        """Like the real one, which writes its log into the middle of its answers now and then."""
        self.answers += 1
        if self.answers % 16 == 3:
            say(f"{text[:4]}22:04:11.0001 [INFO] board: Machine resumed.")
            say(text[4:])
        else:
            say(text)

    def start(self) -> None:
        say("Starting emulation...")
        if MISCHIEF == "aborts":
            say("22:04:11.0001 [ERROR] cpu: CPU abort [PC=0xE1A00000]: Trying to execute code outside RAM or ROM.")
        elif MISCHIEF == "dies":
            say("FATAL UNHANDLED EXCEPTION: out of luck")
            os._exit(0)
        elif MISCHIEF != "silent":
            self.power()

    def power(self) -> None:
        board = [sys.executable, "-m", "orchestrator.virtual_board", "--type", os.environ["FAKE_RENODE_BOARD"]]
        options = ["--count-instructions", "--pty", "--exit-with-parent", "--preload", str(self.image)]
        process = subprocess.Popen([*board, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        line = os.open(ready["pty"], os.O_RDWR | os.O_NOCTTY)
        tty.setraw(line)
        for ends in ((line, self.master), (self.master, line)):
            threading.Thread(target=pump, args=ends, daemon=True).start()


def main() -> None:
    if "--version" in sys.argv:
        say(os.environ.get("FAKE_RENODE_VERSION", "Renode v1.15.3.39218\n  build: fake"))
        return
    emulation = Emulation()
    for line in sys.stdin:
        say(f"\r(board) {line.strip()}")
        if MISCHIEF != "deaf":
            emulation.obey(line.strip())


if __name__ == "__main__":
    main()
