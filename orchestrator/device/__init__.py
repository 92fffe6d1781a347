"""Talking to boards over a serial line: flashing, the firmware's protocol, measuring. The home of pyserial.

Three layers: bytes and messages (`messages`, the pure parts of `an3155`), a link that moves bytes (`link`),
sessions that ask and answer (`an3155`, `runner`); only the sessions know time.
"""
