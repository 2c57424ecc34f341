"""An `Outgoing` as the bytes of an e-mail: a pure function.

Sources: RFC 5322 (fields, threading in section 3.6.4, line lengths in 2.1.1), RFC 2045 to 2047 and
RFC 2231 (MIME), RFC 3834 (Auto-Submitted), RFC 6532 (addresses in every script).

The header is written here and not by `EmailMessage`, which breaks ids and names that are longer
than a line; the body and the files are `EmailMessage`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from adapters.mail.address import valid_address, wire_address
from adapters.mail.mime import PROBE_HEADER
from inbox.address import Address
from inbox.errors import NotSent
from inbox.outgoing import Outgoing, OutgoingAttachment
from inbox.plain import file_name, plain_line

MAX_REFERENCES = 30
"""How many ids References names: the first and the newest (RFC 5322 sets no limit, servers do)."""

_BODY = SMTP.clone(cte_type="7bit")
_WIDTH = 76
_SPECIALS = re.compile(r"[^A-Za-z0-9 !#$%&'*+/=?^_`{|}~-]")
_MEDIA_TYPE = re.compile(r"([a-z0-9][a-z0-9!#$&^_.+-]{0,60})/([a-z0-9][a-z0-9!#$&^_.+-]{0,100})")
_ID = re.compile(r"[^\s<>\x00-\x1f\x7f]{1,900}")


def write_mail(outgoing: Outgoing, *, user_agent: str) -> bytes:
    """Write a message as it leaves: CRLF line ends, no line over 998 octets, no Bcc.

    From and Reply-To are both the line, so that every answer comes home.

    Args:
        outgoing: What is to leave, frozen.
        user_agent: The value of User-Agent, e.g. `Twoway/0.1.0`.

    Raises:
        NotSent: an address, a message id or a file cannot be written into a message.
    """
    line = outgoing.line
    header = [
        _field("From", _mailboxes([line.as_address])),
        _field("Reply-To", _mailboxes([Address(line.channel.system, line.address)])),
    ]
    for name, people in (("To", outgoing.to), ("Cc", outgoing.cc)):
        if people:
            header.append(_field(name, _mailboxes(people)))
    if not outgoing.to and not outgoing.cc:
        raise NotSent("There is nobody to send it to.", "Add at least one address.")
    header += [
        f"Subject: {_encoded(plain_line(outgoing.subject), len('Subject: '))}",
        f"Date: {format_datetime(outgoing.created_at)}",
        _field("Message-ID", [f"<{_id(outgoing.message_id)}>"]),
        *_threading(outgoing),
        f"User-Agent: {_encoded(plain_line(user_agent, 200), len('User-Agent: '))}",
    ]
    if outgoing.probe_token:
        header.append(_field(PROBE_HEADER, [_token(outgoing.probe_token)]))
        header.append("Auto-Submitted: auto-generated")
    return "\r\n".join(header).encode("utf-8") + b"\r\n" + _body(outgoing)


def needs_smtputf8(outgoing: Outgoing) -> bool:
    """Whether the server must know SMTPUTF8 (RFC 6531): an address is not ASCII before its sign."""
    people = (outgoing.line.as_address, *outgoing.to, *outgoing.cc)
    return any(not wire_address(one.value).isascii() for one in people)


def _field(name: str, items: list[str]) -> str:
    """A field of items that may stand on lines of their own, none of them broken inside."""
    lines, width = [f"{name}:"], len(name) + 1
    for item in items:
        if width + 1 + len(item) > _WIDTH and width > len(name) + 1:
            lines.append("")
            width = 0
        lines[-1] += f" {item}"
        width += 1 + len(item)
    return "\r\n".join(lines)


def _mailboxes(people: Iterable[Address]) -> list[str]:
    """Each mailbox, with a comma behind all but the last."""
    written = [_mailbox(one) for one in people]
    return [f"{text}," for text in written[:-1]] + written[-1:]


def _mailbox(person: Address) -> str:
    address = wire_address(person.value)
    if not valid_address(person.value):
        raise NotSent(
            "One of the addresses is no e-mail address.", "Correct the address and send it again."
        )
    name = plain_line(person.name, 200)
    if not name:
        return address
    if not name.isascii():
        return f"{_encoded(name, 12)} <{address}>"
    if "=?" in name or len(name) > 60:
        # What looks like an encoded word must not be read as one; a long name must be broken.
        return (
            f"{Header(name, 'utf-8', maxlinelen=60).encode(linesep=chr(13) + chr(10))} <{address}>"
        )
    if _SPECIALS.search(name):
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{name} <{address}>"


def _encoded(text: str, used: int) -> str:
    """Text for a header, in encoded words where it needs them (RFC 2047), folded."""
    if text.isascii() and len(text) + used <= _WIDTH and "=?" not in text:
        return text
    if text.isascii() and "=?" not in text and all(len(word) < 70 for word in text.split(" ")):
        return "\r\n".join(_wrapped(text, used))
    return Header(text, "utf-8", maxlinelen=_WIDTH, header_name="x" * used).encode(linesep="\r\n")


def _wrapped(text: str, used: int) -> Iterable[str]:
    """Words on lines, every line after the first begun with the blank it was broken at."""
    line = ""
    for number, word in enumerate(text.split(" ")):
        piece = word if number == 0 else f" {word}"
        if line and used + len(line) + len(piece) > _WIDTH:
            yield line
            line, used = piece, 0
        else:
            line += piece
    yield line


def _id(value: str) -> str:
    if not _ID.fullmatch(value):
        raise NotSent("The message has no usable id.", "Write the message anew and send it again.")
    return value


def _token(value: str) -> str:
    if not re.fullmatch(r"[!-~]{1,200}", value):
        raise NotSent("The token of the round trip cannot be sent.", "Start the test again.")
    return value


def _threading(outgoing: Outgoing) -> list[str]:
    """In-Reply-To and References; ids of others that cannot be written are left out."""
    fields = []
    answered = outgoing.in_reply_to if _ID.fullmatch(outgoing.in_reply_to) else ""
    if answered:
        fields.append(_field("In-Reply-To", [f"<{answered}>"]))
    ids = [one for one in dict.fromkeys(outgoing.references) if _ID.fullmatch(one)]
    if answered and answered not in ids:
        ids.append(answered)
    if len(ids) > MAX_REFERENCES:
        ids = [ids[0], *ids[-MAX_REFERENCES + 1 :]]
    if ids:
        fields.append(_field("References", [f"<{one}>" for one in ids]))
    return fields


def _body(outgoing: Outgoing) -> bytes:
    """The MIME fields, the text and the files."""
    message = EmailMessage(_BODY)
    text = outgoing.text.replace("\r\n", "\n").replace("\r", "\n")
    # Half a surrogate pair is no character and cannot be sent.
    message.set_content(text.encode("utf-8", "replace").decode("utf-8"), charset="utf-8")
    for file in outgoing.attachments:
        _attach(message, file)
    if message.is_multipart():
        # The same message is the same bytes, however often it is tried.
        message.set_boundary(f"=_{outgoing.digest()[:40]}")
    return message.as_bytes()


def _attach(message: EmailMessage, file: OutgoingAttachment) -> None:
    found = _MEDIA_TYPE.fullmatch(file.media_type.strip().lower())
    main, sub = found.groups() if found else ("application", "octet-stream")
    if main in {"multipart", "message"}:
        # Its bytes would have to be taken apart; as a file it arrives as it is.
        main, sub = "application", "octet-stream"
    message.add_attachment(file.content, maintype=main, subtype=sub, filename=file_name(file.name))
