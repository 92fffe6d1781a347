"""A dev kit as a process: Unicorn runs the very image of a real board, reachable only through a serial line."""
