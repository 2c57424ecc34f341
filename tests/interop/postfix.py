"""Postfix 3.7: takes what the practice sends, hands it to Dovecot, lets nothing leave."""

from __future__ import annotations

import json
import re
import shutil
import smtplib
import subprocess
from collections.abc import Sequence
from typing import Any

from tests.interop.dovecot import DovecotServer
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

PROGRAMS = ("postfix", "postqueue")
USERS = ("postfix",)

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/postfix.log
maillog_file_prefixes = {folder}

myhostname = mx.lakeside.example
myorigin = lakeside.example
mydestination =
mynetworks =
relay_domains =
inet_interfaces = loopback-only
inet_protocols = ipv4
append_dot_mydomain = no
alias_maps =
alias_database =
biff = no
notify_classes =

# Nothing asks DNS and nothing leaves: every domain but ours ends in an error.
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
default_transport = error:5.1.2 these tests do not send to the outside
relay_transport = error:5.1.2 these tests do not send to the outside
local_transport = error:5.1.1 no local accounts here

# Who exists is Dovecot's to say, at delivery: so an unknown person makes a real bounce.
virtual_mailbox_domains = {domains}
virtual_transport = lmtp:inet:127.0.0.1:{lmtp_port}

smtpd_tls_cert_file = {certificate.chain}
smtpd_tls_key_file = {certificate.key}
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
smtpd_tls_loglevel = 1
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth_socket}
smtpd_sender_login_maps = regexp:{folder}/conf/senders
smtpd_recipient_restrictions = reject_unauth_destination
smtpd_relay_restrictions = reject_unauth_destination

message_size_limit = {size_limit}
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
"""

_MASTER = """\
127.0.0.1:{mx_port} inet n - n - - smtpd
127.0.0.1:{submission_port} inet n - n - - smtpd
{submission}
127.0.0.1:{submissions_port} inet n - n - - smtpd
{submission}
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - error
relay unix - - n - - error
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# One connection a process, so that each reads the table of senders as it is now.
_SUBMISSION = """\
  -o max_use=1
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sender_restrictions=reject_sender_login_mismatch
  -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject"""


class PostfixServer:
    """A private Postfix on loopback in front of a Dovecot.

    Attributes:
        host: always `localhost`, the name its certificate bears.
        submission_port: STARTTLS, then AUTH with a Dovecot account (like port 587).
        submissions_port: TLS at once, then AUTH (like port 465).
        mx_port: what the outside world speaks to (like port 25): no AUTH, our domains only.
        certificate: the same as its Dovecot's.
        log: its log file.

    An account may send from its own address only (553 else), until `allow_sender` says otherwise.
    Mail to an unknown person of our domains is accepted and comes back as a real bounce;
    any other domain is refused at RCPT. Nothing leaves.
    """

    host = "localhost"

    def __init__(
        self,
        dovecot: DovecotServer,
        *,
        domains: Sequence[str] = ("lakeside.example", "example.com"),
        size_limit: int = 10_240_000,
    ) -> None:
        """Prepare, without starting.

        Args:
            dovecot: where accounts are checked and mail is delivered; it runs already.
            domains: whose mail is delivered.
            size_limit: the largest message taken, in octets.
        """
        self.folder = server_folder("postfix")
        self.certificate: Certificate = dovecot.certificate
        self.submission_port, self.submissions_port, self.mx_port = free_ports(3)
        self.log = self.folder / "postfix.log"
        self._conf = self.folder / "conf"
        self._process: subprocess.Popen[bytes] | None = None
        for name in ("conf", "spool", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        self._senders: dict[str, str] = {}
        self._write_senders()
        (self._conf / "main.cf").write_text(
            _MAIN.format(
                folder=self.folder,
                domains=", ".join(domains),
                lmtp_port=dovecot.lmtp_port,
                certificate=self.certificate,
                auth_socket=dovecot.auth_socket,
                size_limit=size_limit,
            )
        )
        (self._conf / "master.cf").write_text(
            _MASTER.format(
                mx_port=self.mx_port,
                submission_port=self.submission_port,
                submissions_port=self.submissions_port,
                submission=_SUBMISSION,
            )
        )

    # --- running ---

    def start(self) -> None:
        """Start, and return when all three ports accept connections."""
        command = [which("postfix") or "postfix", "-c", str(self._conf), "start-fg"]
        with (self.folder / "start.log").open("ab") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        for port in (self.mx_port, self.submission_port, self.submissions_port):
            wait_for(f"Postfix on port {port}", lambda port=port: self._alive() and listens(port))  # type: ignore[misc] # a lambda with a default has no inferable type

    def stop(self) -> None:
        """Stop; what is queued stays queued for the next `start`."""
        if self._process is None:
            return
        if self._process.poll() is None:
            # Its master leads a session of its own, so only Postfix itself can end all of it.
            self._run("postfix", "stop")
        stop_group(self._process)
        self._process = None

    def remove(self) -> None:
        """Stop for good and delete the queue."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _alive(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            raise ServerError(f"Postfix does not run\n{self.last_log()}")
        return True

    def last_log(self, lines: int = 20) -> str:
        """The end of its logs, for messages of failed tests."""
        files = [self.folder / "start.log", self.log]
        text = "".join(f.read_text(errors="replace") for f in files if f.exists())
        return "\n".join(text.splitlines()[-lines:])

    # --- mail ---

    def submit(
        self, account: Account, recipients: Sequence[str], raw: bytes, *, sender: str | None = None
    ) -> None:
        """Send as a member of the practice does: STARTTLS, AUTH, then the message.

        Args:
            account: who logs in.
            recipients: the envelope's recipients.
            raw: the message, CRLF line ends.
            sender: the envelope's sender; the account's address if None.

        Raises:
            smtplib.SMTPException: refused; the class says at which step.
        """
        with smtplib.SMTP(self.host, self.submission_port, local_hostname=HELLO) as smtp:
            smtp.starttls(context=self.certificate.trust())
            smtp.login(account.address, account.password)
            smtp.sendmail(sender or account.address, list(recipients), raw)

    def arrive(self, sender: str, recipients: Sequence[str], raw: bytes) -> None:
        """Bring mail from the outside world: no TLS, no AUTH, the practice's domains only.

        Raises:
            smtplib.SMTPException: refused; the class says at which step.
        """
        with smtplib.SMTP(self.host, self.mx_port, local_hostname=HELLO) as smtp:
            smtp.sendmail(sender, list(recipients), raw)

    def allow_sender(self, account: Account, address: str) -> None:
        """Let an account send from a further address, such as an alias or a no-reply one."""
        self._senders[address] = account.address
        self._write_senders()

    def queue(self) -> list[dict[str, Any]]:
        """What waits in the queue, in the shape of `postqueue -j`."""
        return [json.loads(line) for line in self._run("postqueue", "-j").splitlines()]

    def wait_until_idle(self, *, seconds: float = 10.0) -> None:
        """Wait until the queue is empty: everything is delivered or has bounced."""
        wait_for("Postfix to empty its queue", lambda: not self.queue(), seconds=seconds)

    def _write_senders(self) -> None:
        further = (f"/^{re.escape(a)}$/ {login}\n" for a, login in self._senders.items())
        own = "/^(.+)$/ $1\n"
        (self._conf / "senders").write_text("".join(further) + own)

    def _run(self, program: str, *words: str) -> str:
        command = [which(program) or program, "-c", str(self._conf), *words]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        if done.returncode != 0:
            raise ServerError(f"{program} {' '.join(words)}: {done.stderr}\n{self.last_log()}")
        return done.stdout
