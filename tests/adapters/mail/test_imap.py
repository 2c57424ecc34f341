"""What the mail channel knows before it connects: cursors, folders, settings, sentences."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mail.cursor import Cursor, parse_cursor
from adapters.mail.folder import Listed, choose_sent, folder_name
from adapters.mail.imap import Client
from adapters.mail.settings import ImapSettings, MailSettings, SmtpSettings, is_loopback
from adapters.mail.trouble import network_trouble
from inbox.errors import ConfigurationError, ConnectionLost, TlsRefused

# ---- cursors ---------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20))), st.sets(st.integers(1, 90)))
def test_a_cursor_is_a_set_of_uids(ranges: list[tuple[int, int]], there: set[int]) -> None:
    cursor, known = Cursor(7), set[int]()
    for low, length in ranges:
        cursor = cursor.with_range(low, low + length)
        known |= set(range(low, low + length + 1))
    assert {uid for uid in range(1, 100) if cursor.covers(uid)} == known
    assert cursor.missing(there) == sorted(there - known, reverse=True)
    assert cursor.top == max(known, default=0)
    assert cursor.whole is (known == set(range(1, cursor.top + 1)))
    gaps = zip(cursor.done, cursor.done[1:], strict=False)
    assert all(before[1] + 1 < after[0] for before, after in gaps)
    assert parse_cursor(cursor.dump()) == cursor


def test_an_empty_range_adds_nothing() -> None:
    assert Cursor(1).with_range(1, 0) == Cursor(1)


@pytest.mark.parametrize("text", [None, "", "x", "[]", "{}", '{"uidvalidity": 1}', "null", "3"])
def test_a_cursor_that_cannot_be_read_starts_over(text: str | None) -> None:
    assert parse_cursor(text) is None


def test_a_cursor_stays_small() -> None:
    cursor = Cursor(1)
    for uid in range(100_000, 0, -200):
        cursor = cursor.with_range(uid - 199, uid)
    assert len(cursor.dump()) < 60


# ---- folders ---------------------------------------------------------------------------------


def listed(*names: str, delimiter: str = "/", attributes: str = "") -> list[Listed]:
    return [Listed(name, delimiter, frozenset(attributes.split())) for name in names]


@pytest.mark.parametrize(
    ("names", "sent"),
    [
        (["INBOX", "Sent", "Sent Items"], "Sent"),
        (["INBOX", "INBOX/Sent"], "INBOX/Sent"),
        (["INBOX", "[Gmail]/Sent Mail"], "[Gmail]/Sent Mail"),
        (["INBOX", "Gesendete Elemente"], "Gesendete Elemente"),
        (["INBOX", "Éléments envoyés"], "Éléments envoyés"),
        (["INBOX", "E\u0301le\u0301ments envoye\u0301s"], "E\u0301le\u0301ments envoye\u0301s"),
        (["INBOX", "ENVIADOS"], "ENVIADOS"),
        (["INBOX", "送信済みアイテム"], "送信済みアイテム"),
        (["INBOX", "2019/Sent", "Presented"], None),
        (["INBOX"], None),
        ([], None),
    ],
)
def test_sent_by_its_name(names: list[str], sent: str | None) -> None:
    assert choose_sent(listed(*names)) == sent


def test_the_servers_word_counts_more_than_a_name() -> None:
    known = [*listed("Sent"), *listed("Outbox of mine", attributes="\\sent \\hasnochildren")]
    assert choose_sent(known) == "Outbox of mine"


def test_a_folder_that_holds_no_mail_is_not_chosen() -> None:
    known = [*listed("Sent", attributes="\\noselect"), *listed("Sent Items")]
    assert choose_sent(known) == "Sent Items"


def test_a_flat_name_space_has_no_parents() -> None:
    assert choose_sent(listed("a/Sent", delimiter="")) is None
    assert choose_sent(listed("Sent", delimiter="")) == "Sent"


def test_inbox_is_inbox_in_any_case() -> None:
    assert folder_name("inbox") == "INBOX"
    assert folder_name("Inboxes") == "Inboxes"


def recorded(path: Path) -> list[Listed]:
    """A recorded answer to LIST, read as the channel reads it."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n")
        lines = path.read_bytes().replace(b"\r\n", b"\n").split(b"\n")
        answer = [line for line in lines if line.startswith(b"* ")]
        client = _client_on(ours, theirs, answer)
        found = client.folders()
        client.hang_up(politely=False)
    return found


class _Server:
    """Answers every command with lines that were written down elsewhere."""

    def __init__(self, sock: socket.socket, answer: list[bytes]) -> None:
        self._sock = sock
        self._answer = answer

    def __call__(self) -> None:
        with self._sock.makefile("rb") as lines:
            for line in lines:
                tag, command = line.split()[:2]
                said = self._answer if command == b"LIST" else []
                if command == b"CAPABILITY":
                    said = [b"* CAPABILITY IMAP4rev1"]
                self._sock.sendall(b"\r\n".join([*said, tag + b" OK done", b""]))


def _client_on(ours: socket.socket, theirs: socket.socket, answer: list[bytes]) -> Client:
    import threading

    threading.Thread(target=_Server(theirs, answer), daemon=True).start()
    settings = ImapSettings("localhost", 1, "none", "x", connect_timeout=2, read_timeout=2)
    original = socket.create_connection
    try:
        socket.create_connection = lambda *_args, **_more: ours
        return Client(settings, None, lambda _sock: None)
    finally:
        socket.create_connection = original


@pytest.mark.parametrize(
    ("answer", "sent"),
    [
        ("gmail/list-all.txt", "[Gmail]/Sent Mail"),
        ("gmail/list-gmail-subfolders.txt", "[Gmail]/Sent Mail"),
        ("gmail/list-personal.txt", None),
        ("dovecot/list-personal.txt", "Sent Messages"),
        ("dovecot/list-special-use.txt", "Sent Messages"),
        ("lowercase/list.txt", None),
        ("domino/list-inbox.txt", None),
    ],
)
def test_recorded_servers(corpora: Path, answer: str, sent: str | None) -> None:
    found = recorded(corpora / "imap-quirks" / answer)
    assert choose_sent(found) == sent


def test_every_recorded_list_is_read(corpora: Path) -> None:
    for path in sorted((corpora / "imap-quirks").glob("*/list*.txt")):
        lines = [line.lower() for line in path.read_bytes().splitlines()]
        expected = sum(line.startswith(b"* list ") for line in lines)
        assert len(recorded(path)) == expected, path.name


# ---- settings and sentences ------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "x.localhost"]
)
def test_loopback_may_go_without_tls(host: str) -> None:
    assert is_loopback(host)
    assert ImapSettings(host, 143, "none", "x").security == "none"


@pytest.mark.parametrize("host", ["imap.lakeside.example", "10.0.0.1", "localhost.example.com", ""])
def test_nothing_else_may(host: str) -> None:
    with pytest.raises(ConfigurationError, match="private"):
        ImapSettings(host, 143, "none", "x")
    with pytest.raises(ConfigurationError, match="private"):
        SmtpSettings(host, 25, "none")


def test_settings_that_make_no_sense() -> None:
    with pytest.raises(ConfigurationError, match="'ssl' is not a kind"):
        SmtpSettings("mail.example.com", 25, "ssl")  # type: ignore[arg-type]  # as a file might say
    with pytest.raises(ConfigurationError, match="No folder"):
        ImapSettings("mail.example.com", 993, "tls", "x", folders=())


def test_a_password_is_not_in_the_settings_words() -> None:
    def secret() -> str:
        return "hunter2"

    settings = MailSettings(
        ImapSettings("localhost", 1, "none", "x"), SmtpSettings("localhost", 1, "none"), secret
    )
    assert "hunter2" not in repr(settings)
    assert "secret" not in repr(settings)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (socket.gaierror(-2, "x"), ConnectionLost, "was not found"),
        (ConnectionRefusedError(), ConnectionLost, "does not answer on port 993"),
        (TimeoutError(), ConnectionLost, "did not answer in time"),
        (OSError(113, "No route to host"), ConnectionLost, "could not be reached"),
        (ssl.SSLEOFError(8, "eof"), ConnectionLost, "could not be reached"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), TlsRefused, "No private connection"),
        (ssl.SSLCertVerificationError(1, "x"), TlsRefused, "could not prove who it is"),
    ],
)
def test_what_the_network_says_while_connecting(
    error: OSError, kind: type[Exception], words: str
) -> None:
    judged = network_trouble(error, "imap.example.com", 993, connecting=True)
    assert isinstance(judged, kind)
    assert words in judged.sentence
    assert "imap.example.com" in judged.sentence
    assert judged.hint


def test_what_the_network_says_later_is_a_lost_connection() -> None:
    for error in (ConnectionResetError(), ssl.SSLError(1, "x"), OSError(9, "x")):
        judged = network_trouble(error, "imap.example.com", 993, connecting=False)
        assert isinstance(judged, ConnectionLost)


def test_importing_the_channel_is_cheap_and_brings_no_vendor_library() -> None:
    program = (
        "import sys, asyncio, json, time\n"
        "import inbox.channel\n"
        "begun = time.process_time()\n"
        "import adapters.mail.channel\n"
        "cheap = time.process_time() - begun\n"
        "modules = sorted(sys.modules)\n"
        "begun = time.process_time()\n"
        "import adapters.mail.reading, aiosmtplib\n"
        "dear = time.process_time() - begun\n"
        "print(json.dumps([cheap / dear, modules]))\n"
    )
    shares = []
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", program], check=True, capture_output=True, text=True
        )
        share, modules = json.loads(done.stdout)
        assert not {"imapclient", "imaplib", "aiosmtplib", "email.message"} & set(modules)
        shares.append(share)
    assert min(shares) < 0.4
