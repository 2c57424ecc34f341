"""What both servers share: a folder they can reach, a certificate, free ports, waiting."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import trustme

T = TypeVar("T")

HELLO = "client.twoway.invalid"
"""How test clients introduce themselves; without it smtplib would ask DNS for this host's name."""


class ServerError(RuntimeError):
    """A real server did not do what a test asked of it; the message ends with its log."""


def why_not(programs: Sequence[str], users: Sequence[str]) -> str | None:
    """Say in one sentence why the servers cannot run here, or give None when they can."""
    if not sys.platform.startswith("linux"):
        return "The interop servers are Debian's packages and need Linux."
    if os.geteuid() != 0:
        return "The interop servers need root, to drop their rights to their own users."
    missing = [name for name in programs if which(name) is None]
    if missing:
        return (
            f"{', '.join(missing)} not found: "
            "apt-get install dovecot-imapd dovecot-lmtpd postfix (the .ci/run script does)."
        )
    known = {line.partition(":")[0] for line in Path("/etc/passwd").read_text().splitlines()}
    unknown = [user for user in users if user not in known]
    if unknown:
        return f"The system user {unknown[0]}, which its Debian package creates, is missing."
    return None


def which(program: str) -> str | None:
    """Find a program on PATH, in the folders for administrators, or by its full path."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def server_folder(name: str) -> Path:
    """Make a folder that other users can enter; pytest's own are closed to them.

    The path is short, for unix sockets hold about 100 characters. Whoever calls this removes it.
    """
    folder = Path(tempfile.mkdtemp(prefix=f"twoway-{name}-", dir="/tmp"))
    folder.chmod(0o755)
    return folder


def free_ports(count: int) -> list[int]:
    """Choose different loopback TCP ports that nothing listens on at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [sock.getsockname()[1] for sock in sockets]
    for sock in sockets:
        sock.close()
    return ports


def wait_for(
    what: str, probe: Callable[[], T | None], *, seconds: float = 10.0, every: float = 0.05
) -> T:
    """Call `probe` until it gives something true, and give that.

    Raises:
        TimeoutError: nothing true came within `seconds`; the message names `what`.
    """
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {seconds:g} seconds for {what}")
        time.sleep(every)


def listens(port: int) -> bool:
    """Whether something accepts connections on this loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def stop_group(process: subprocess.Popen[bytes], *, seconds: float = 10.0) -> None:
    """End a server that leads its own process group, and every process it started there."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(seconds)
    for sign in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sign)
            wait_for("a server's processes to end", lambda: not _group_lives(process.pid))
        except ProcessLookupError:
            return
        except TimeoutError:
            continue


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate for `localhost` and 127.0.0.1, and the authority that signed it."""

    chain: Path
    key: Path
    authority: Path

    @classmethod
    def make(cls, folder: Path) -> Certificate:
        """Issue a new one into `folder`."""
        made = cls(folder / "tls.crt", folder / "tls.key", folder / "ca.crt")
        authority = trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        made.chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
        made.key.touch(mode=0o600)
        made.key.write_bytes(issued.private_key_pem.bytes())
        authority.cert_pem.write_to_path(str(made.authority))
        return made

    def trust(self) -> ssl.SSLContext:
        """A client's context that trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.authority))


@dataclass(frozen=True, slots=True)
class Account:
    """One person's mailbox: the address is also the login."""

    address: str
    password: str
