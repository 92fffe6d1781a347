"""Renode as a device: an emulator of others, which executes the very image a real board gets.

Host code reaches the firmware in it through a serial line as on a kit; only flashing is a reload.
"""
