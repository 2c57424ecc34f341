"""Sound for recordings, made of nothing: a soft tone as WAV, silence as MP3."""

from __future__ import annotations

import io
import math
import struct
import wave

_RATE = 8000
_FRAME = bytes.fromhex("fffb90c4") + bytes(413)
"""One MPEG-1 layer III frame, 128 kbit/s, 44.1 kHz, mono, silent (ISO 11172-3)."""
_FRAMES_PER_SECOND = 44100 / 1152


def tone(seconds: int) -> bytes:
    """A WAV file of a 440 Hz tone, 8 kHz, 16 bit, mono."""
    step = 2 * math.pi * 440 / _RATE
    second = b"".join(
        struct.pack("<h", round(6000 * math.sin(step * place))) for place in range(_RATE)
    )
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(second * seconds)
    return kept.getvalue()


def silence(seconds: int) -> bytes:
    """An MP3 file without a sound."""
    return _FRAME * max(1, round(seconds * _FRAMES_PER_SECOND))
