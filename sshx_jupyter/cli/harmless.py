"""Terminal output without what makes a terminal answer or change: for a pipe that ends in the person's own terminal.

What shells print is somebody else's. Text, colors and cursor movements stay. Titles, clipboards (OSC 52), queries,
modes, character sets and everything unknown go. The parser's states are those of ECMA-48, section 5.
"""

from __future__ import annotations

from typing import Literal

CONTROLS = b"\a\b\t\n\r"
FINALS = b"@ABCDEFGHJKLMPSTX`adefm"
"""Control sequences that stay: insert, cursor movements, erase, delete, scroll, and SGR (colors)."""
LONGEST = 64
"""Bytes of a control sequence; a longer one goes."""


class HarmlessOutput:
    """One stream of output, in pieces of any size."""

    def __init__(self) -> None:
        self._state: Literal["text", "escape", "sequence", "string", "string escape", "c2"] = "text"
        self._sequence = bytearray()

    def feed(self, data: bytes) -> bytes:
        """The next piece of the output, cleaned. A sequence that is cut comes with the piece that ends it."""
        out = bytearray()
        for byte in data:
            self._take(byte, out)
        return bytes(out)

    def _take(self, byte: int, out: bytearray) -> None:
        if byte in (0x18, 0x1A):  # cancel
            self._state = "text"
        elif byte == 0x1B:
            self._state = "string escape" if self._state == "string" else "escape"
        elif self._state == "text":
            self._text(byte, out)
        elif self._state == "c2":
            self._state = "text"
            if 0xA0 <= byte <= 0xBF:
                out += bytes((0xC2, byte))
            elif not 0x80 <= byte <= 0x9F:  # which would be a C1 control; anything else begins anew
                self._text(byte, out)
        elif self._state == "escape":
            self._escape(byte)
        elif self._state == "sequence":
            self._control(byte, out)
        elif self._state == "string":
            if byte == 0x07:
                self._state = "text"
        else:  # "string escape": ST ends the string, and any other sequence too
            self._state = "text"
            if byte != 0x5C:
                self._escape(byte)

    def _text(self, byte: int, out: bytearray) -> None:
        if byte == 0xC2:
            self._state = "c2"
        elif byte in CONTROLS or (byte >= 0x20 and byte != 0x7F):
            out.append(byte)

    def _escape(self, byte: int) -> None:
        if byte == 0x5B:
            self._state, self._sequence = "sequence", bytearray()
        elif byte in b"]PX^_":  # OSC, DCS, SOS, PM, APC
            self._state = "string"
        elif not 0x20 <= byte <= 0x2F:  # intermediate bytes, until the final one
            self._state = "text"

    def _control(self, byte: int, out: bytearray) -> None:
        if 0x40 <= byte <= 0x7E:
            plain = len(self._sequence) <= LONGEST and all(char in b"0123456789:;" for char in self._sequence)
            if plain and byte in FINALS:
                out += b"\x1b[" + self._sequence + bytes((byte,))
            self._state = "text"
        elif 0x20 <= byte <= 0x3F:
            if len(self._sequence) <= LONGEST:
                self._sequence.append(byte)
        elif byte in CONTROLS:
            out.append(byte)  # carried out within the sequence, as terminals do
