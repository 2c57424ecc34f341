"""What the raw items of both channels have in common: files in base64, and what cannot be read."""

from __future__ import annotations

import base64
import json

from inbox.address import ChannelKind
from inbox.errors import ServerRefused
from inbox.message import Arrival, MessageKind, Nature
from inbox.plain import plain_text

UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)
"""What reading a raw item raises that is not in a form we know."""


def unreadable(raw: bytes, channel: ChannelKind, kind: MessageKind, thing: str) -> Arrival:
    """A raw item that could not be read, as an arrival that shows its bytes."""
    text = plain_text(raw.decode("utf-8", "replace"))
    return Arrival(
        channel=channel,
        kind=kind,
        sender=None,
        text=text,
        whole=text,
        nature=Nature.UNREADABLE,
        defects=(f"The {thing} is not in a form that Twoway knows.",),
    )


def file_of(raw: bytes, key: str, part: str, missing: str) -> bytes:
    """The bytes of the file with this number under `key`.

    Raises:
        ServerRefused: there is none; `missing` says so, or the stored problem why not.
    """
    try:
        files = json.loads(raw)[key]
        found = files[int(part)] if int(part) >= 0 else {}
        if found.get("problem"):
            raise ServerRefused(str(found["problem"]), "")
        return base64.b64decode(found["content"], validate=True)
    except (*UNREADABLE, IndexError) as error:
        raise ServerRefused(missing, "") from error
