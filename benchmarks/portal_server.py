"""The loopback FHIR server, full of messages, as a process of its own.

`python -m benchmarks.portal_server COUNT` prints its port when it is ready. For each line on its
input it prints how many requests have come so far; it ends with its input.
"""

from __future__ import annotations

import sys

from benchmarks.communications import furnish
from demo.portal.server import PortalServer


def main() -> None:
    """Serve until nobody needs it."""
    with PortalServer() as server:
        furnish(server.holdings, int(sys.argv[1]))
        _say(server.port)
        while sys.stdin.readline():
            _say(len(server.seen))


def _say(number: int) -> None:
    sys.stdout.write(f"{number}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
