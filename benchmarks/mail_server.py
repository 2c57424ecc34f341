"""The loopback IMAP server, full of mail, as a process of its own.

`python -m benchmarks.mail_server COUNT` prints its port when it is ready, and ends with its input.
"""

from __future__ import annotations

import sys
from typing import Final

from benchmarks.mails import mails
from demo.imap import ImapServer

USER: Final = "frontdesk"
PASSWORD: Final = "closed"  # noqa: S105 - of a loopback server that lives for a minute


def main() -> None:
    """Serve until nobody needs it."""
    with ImapServer() as server:
        server.add_user(USER, PASSWORD)
        for raw in mails(int(sys.argv[1])):
            server.deliver(USER, raw)
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
