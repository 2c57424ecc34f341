"""Dovecot 2.3: the IMAP server many practices' providers run, and the LMTP it delivers by."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import smtplib
import subprocess
from collections.abc import Iterable
from typing import Any

import imapclient
from imapclient.exceptions import LoginError

from tests.interop.servers import (
    HELLO,
    Account,
    Certificate,
    ServerError,
    free_ports,
    listens,
    server_folder,
    stop_group,
    wait_for,
    which,
)

PROGRAMS = ("dovecot", "doveadm", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp")
USERS = ("dovecot", "dovenull")

MAIL_UID = 5000
"""Mail belongs to a user id that needs no account; Dovecot refuses root."""

_CONFIG = """\
protocols = imap lmtp
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/dovecot.log
instance_name = {folder.name}
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = {uid}

ssl = yes
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}

mail_location = mdbox:~/mail
mail_fsync = never
mail_max_userip_connections = 100

auth_mechanisms = plain login
auth_failure_delay = 0
auth_verbose = yes
# One file a person: a file Dovecot has not seen yet takes effect at once, a changed one after
# up to a second.
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%Lu {folder}/users/%Lu
}}
userdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users/%Lu
}}

namespace inbox {{
  inbox = yes
  separator = /
  mailbox Drafts {{
    special_use = \\Drafts
    auto = subscribe
  }}
  mailbox Junk {{
    special_use = \\Junk
    auto = subscribe
  }}
  mailbox Sent {{
    special_use = \\Sent
    auto = subscribe
  }}
  mailbox Trash {{
    special_use = \\Trash
    auto = subscribe
  }}
}}

service anvil {{
  # Without this, wrong passwords slow down every later login from the same address.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  unix_listener auth-smtp {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
"""


class DovecotServer:
    """A private Dovecot on loopback.

    Attributes:
        host: always `localhost`, the name its certificate bears.
        imap_port: plain IMAP with STARTTLS. Loopback may log in without TLS.
        imaps_port: IMAP over TLS.
        lmtp_port: takes mail for its users, refuses unknown ones with 550.
        auth_socket: where an SMTP server checks passwords (the Dovecot SASL protocol).
        certificate: its certificate; `certificate.authority` is the file clients have to trust.
        log: its log file.

    A change by another client or by LMTP reaches IDLE about half a second later: Dovecot batches.
    """

    host = "localhost"

    def __init__(self) -> None:
        self.folder = server_folder("dovecot")
        self.imap_port, self.imaps_port, self.lmtp_port = free_ports(3)
        self.auth_socket = self.folder / "run" / "auth-smtp"
        self.certificate = Certificate.make(self.folder)
        self.log = self.folder / "dovecot.log"
        self._config = self.folder / "dovecot.conf"
        self._users = self.folder / "users"
        self._seconds = itertools.count(1_000_000_000)
        self._accounts: dict[str, Account] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._config.write_text(
            _CONFIG.format(
                folder=self.folder,
                uid=MAIL_UID,
                certificate=self.certificate,
                imap_port=self.imap_port,
                imaps_port=self.imaps_port,
                lmtp_port=self.lmtp_port,
            )
        )
        self._users.mkdir()
        homes = self.folder / "homes"
        homes.mkdir()
        shutil.chown(homes, MAIL_UID, MAIL_UID)

    # --- running ---

    def start(self) -> None:
        """Start, and return when all three ports accept connections."""
        command = [which("dovecot") or "dovecot", "-c", str(self._config), "-F"]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, start_new_session=True
            )
        for port in (self.imap_port, self.imaps_port, self.lmtp_port):
            wait_for(f"Dovecot on port {port}", lambda port=port: self._alive() and listens(port))  # type: ignore[misc] # a lambda with a default has no inferable type

    def stop(self) -> None:
        """Stop, dropping every connection; mail, users and ports stay for the next `start`."""
        if self._process is not None:
            stop_group(self._process)
            self._process = None

    def remove(self) -> None:
        """Stop for good and delete the mail."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _alive(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"Dovecot does not run\n{self.last_log()}")
        return True

    def last_log(self, lines: int = 20) -> str:
        """The end of its log, for messages of failed tests."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # --- people ---

    def add_user(self, address: str, password: str = "correct horse") -> Account:
        """Create a mailbox; it can be logged into and delivered to when this returns."""
        account = Account(address.lower(), password)
        if set(address + password) & set(":/\n"):
            raise ValueError("neither address nor password may hold a colon, slash or line end")
        fresh = self._users / ".new"
        home = f"{self.folder}/homes/{account.address}"
        fresh.write_text(f"{account.address}:{{PLAIN}}{password}:{MAIL_UID}:{MAIL_UID}::{home}::\n")
        shutil.chown(fresh, "root", "dovecot")
        fresh.chmod(0o640)
        # Dovecot compares whole seconds and sizes; each version gets a second of its own.
        os.utime(fresh, (next(self._seconds), next(self._seconds)))
        fresh.replace(self._users / account.address)
        self._accounts[account.address] = account
        self._wait_for_login(account, works=True)
        return account

    def remove_user(self, account: Account) -> None:
        """Close a mailbox: logins fail and LMTP answers 550. Its mail stays on disk."""
        (self._users / account.address).unlink()
        self._wait_for_login(account, works=False)

    def set_password(self, account: Account, password: str) -> Account:
        """Change the password, as the practice's provider might any day."""
        return self.add_user(account.address, password)

    def _wait_for_login(self, account: Account, *, works: bool) -> None:
        def settled() -> bool:
            try:
                self.doveadm("auth", "test", account.address, account.password)
            except ServerError:
                return not works
            return works

        wait_for(f"Dovecot to notice the change of {account.address}", settled)

    def connect(self, account: Account) -> imapclient.IMAPClient:
        """Log in over TLS with imapclient; the caller logs out."""
        client = imapclient.IMAPClient(
            self.host, self.imaps_port, ssl_context=self.certificate.trust(), timeout=10
        )
        try:
            client.login(account.address, account.password)
        except LoginError:
            client.shutdown()
            raise
        return client

    # --- mail ---

    def deliver(self, address: str, raw: bytes, *, sender: str = "") -> None:
        """Deliver one message by LMTP, as the provider's mail server does.

        Args:
            address: whose INBOX it goes to.
            raw: the message, CRLF line ends.
            sender: the envelope sender; Dovecot writes it into Return-Path. Empty for bounces.

        Raises:
            smtplib.SMTPRecipientsRefused: there is no such user.
        """
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, local_hostname=HELLO) as lmtp:
            lmtp.sendmail(sender, [address], raw)

    def append_many(
        self, account: Account, raws: Iterable[bytes], *, folder: str = "INBOX"
    ) -> list[int]:
        """Store many messages in one MULTIAPPEND and give their UIDs, in order.

        About 0.1 ms a message: the way to make a mailbox of 10,000.
        """
        client = self.connect(account)
        try:
            answer: Any = client.multiappend(folder, list(raws))
        finally:
            client.logout()
        text = answer.decode() if isinstance(answer, bytes) else str(answer)
        found = re.search(r"APPENDUID \d+ ([\d:,]+)", text)
        if found is None:
            raise ServerError(f"no APPENDUID in {text!r}")
        return _expand(found[1])

    def count(self, address: str, folder: str = "INBOX") -> int:
        """How many messages the server holds in this folder; 0 for one that does not exist."""
        return len(self.uids(address, folder))

    def uids(self, address: str, folder: str = "INBOX") -> list[int]:
        """The UIDs in this folder, ascending."""
        found = self.doveadm("search", "-u", address, "mailbox", folder)
        return sorted(int(line.split()[1]) for line in found.splitlines())

    def messages(self, address: str, folder: str = "INBOX") -> list[bytes]:
        """The raw messages of this folder by ascending UID; reading does not mark them."""
        client = self.connect(self._accounts[address.lower()])
        try:
            client.select_folder(folder, readonly=True)
            uids = sorted(client.search())
            found: list[bytes] = []
            for start in range(0, len(uids), 500):
                batch = uids[start : start + 500]
                fetched = client.fetch(batch, ["BODY.PEEK[]"])
                found.extend(fetched[uid][b"BODY[]"] for uid in batch)
            return found
        finally:
            client.logout()

    def wait_for_mail(
        self, address: str, *, at_least: int = 1, folder: str = "INBOX", seconds: float = 10.0
    ) -> list[bytes]:
        """Wait until the folder holds `at_least` so many messages, and give them all."""
        wait_for(
            f"{at_least} message(s) in {folder} of {address}",
            lambda: self.count(address, folder) >= at_least,
            seconds=seconds,
        )
        return self.messages(address, folder)

    # --- trouble ---

    def kick(self, address: str) -> None:
        """Drop every connection of this user: the client sees `* BYE`, then the end."""
        self.doveadm("kick", address)

    def uid_validity(self, address: str, folder: str = "INBOX", value: int | None = None) -> int:
        """Give the folder's UIDVALIDITY, after setting it to `value` if one is named.

        The UIDs themselves stay as they are: the server just no longer promises what they mean.
        """
        if value is not None:
            self.doveadm("mailbox", "update", "-u", address, "--uid-validity", str(value), folder)
        status = self.doveadm(
            "-f", "flow", "mailbox", "status", "-u", address, "uidvalidity", folder
        )
        return int(status.rpartition("=")[2])

    def expunge(self, address: str, uid: int, folder: str = "INBOX") -> None:
        """Remove one message, as another mail program would."""
        self.doveadm("expunge", "-u", address, "mailbox", folder, "uid", str(uid))

    def recreate(self, address: str, folder: str) -> None:
        """Delete a folder and make it anew: empty, UIDs from 1, another UIDVALIDITY."""
        self.doveadm("mailbox", "delete", "-u", address, folder)
        self.doveadm("mailbox", "create", "-u", address, folder)

    # --- the administrator's tool ---

    def doveadm(self, *words: str) -> str:
        """Run doveadm against this server and give what it prints.

        Raises:
            ServerError: it failed; the message holds its words and the end of the log.
        """
        command = [which("doveadm") or "doveadm", "-c", str(self._config), *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode != 0:
            raise ServerError(f"doveadm {' '.join(words)}: {done.stderr}\n{self.last_log()}")
        return done.stdout


def _expand(uid_set: str) -> list[int]:
    """Spell out an IMAP UID set such as `4:6,9`."""
    found: list[int] = []
    for part in uid_set.split(","):
        first, _, last = part.partition(":")
        found.extend(range(int(first), int(last or first) + 1))
    return found
