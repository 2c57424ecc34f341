"""The loopback Twilio server, full of texts, as a process of its own.

`python -m benchmarks.text_server COUNT` prints its port when it is ready, and ends with its input.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Final

from demo.twilio.record import Number
from demo.twilio.server import ACCOUNT_SID, AUTH_TOKEN, TwilioServer

NUMBER: Final = "+15550107788"
"""The practice's own."""
ACCOUNT: Final = ACCOUNT_SID
TOKEN: Final = AUTH_TOKEN
_PEOPLE: Final = 100
"""How many numbers write."""


def main() -> None:
    """Serve until nobody needs it."""
    count = int(sys.argv[1])
    with TwilioServer() as server:
        server.account.add_number(Number(NUMBER))
        for place in range(count):
            server.account.receive(
                f"+155501001{place % _PEOPLE:02d}",
                NUMBER,
                f"Can I move my visit to the {place % 28 + 1}th? I could come at {place % 9 + 8}.",
                ago=timedelta(minutes=5 * (count - place)),
            )
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
