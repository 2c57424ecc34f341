"""A raw e-mail as an `Arrival`: a pure function that never fails, whatever the bytes are."""

from __future__ import annotations

import re
from email.errors import MessageError
from email.parser import BytesHeaderParser

from adapters.mail.address import addresses
from adapters.mail.body import Body, sort_parts
from adapters.mail.charset import guess_text
from adapters.mail.header import Fields, date, message_id, message_ids
from adapters.mail.nature import is_automatic, is_bulk, list_id
from adapters.mail.part import MailMessage, Part, leaves, parse, tidy, too_deep
from adapters.mail.quote import fold
from adapters.mail.report import bounce, receipt
from adapters.markup.attribution import is_forward_subject, is_reply_subject
from adapters.markup.html import CUT, readable
from inbox.address import Address, ChannelKind
from inbox.errors import ServerRefused
from inbox.message import (
    Arrival,
    Attachment,
    DeliveryReport,
    MessageKind,
    Nature,
    Received,
)
from inbox.plain import plain_line, plain_text

PROBE_HEADER = "X-Twoway-Probe"
"""The header that carries the token of our own round trip."""
MAX_TEXT = 3_000_000
"""Characters of text kept; the rest stays in the raw message."""
MAX_ATTACHMENTS = 1000
LARGE = (
    "This message is very large, so only its header was fetched. "
    "Fetch the whole message to read it and to open its files."
)
"""Stands for the text of a message of which only the header was fetched."""

_TOO_DEEP = "Its parts are nested too deep to be opened."
_NO_HEADER = "It has no header."
_EMPTY = "It is empty."
_NOT_READ = "Its structure could not be read."
_DELIVERED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-delivered-to")
_KNOWN = ("from", "to", "subject", "date", "message-id", "sender", "cc", "reply-to", "return-path",
          "received", "mime-version", "content-type")  # fmt: skip
_MARKUP = re.compile(r"<(?:html|body|div|table|br|p)\b[^<>]{0,300}>", re.IGNORECASE)


def read_mail(raw: bytes, *, complete: bool = True) -> Arrival:
    """Read one raw message (RFC 5322), safe to show.

    Args:
        raw: The bytes as the server gave them.
        complete: False when they are the header alone, because the message is very large.

    Returns:
        What it says. What cannot be read has the nature UNREADABLE and its raw text as `whole`.
    """
    try:
        if not complete:
            return _from_header(raw, LARGE)
        if too_deep(raw):
            return _from_header(raw, raw_text(raw), _TOO_DEEP)
        return _from_message(raw)
    except Exception:  # noqa: BLE001 - the bytes are a stranger's; a person reads them raw
        return _unreadable(raw, _NOT_READ)


def attachment_bytes(raw: bytes, part: str) -> bytes:
    """The decoded bytes of one part of a raw message.

    Args:
        raw: The whole message.
        part: `Attachment.part`.

    Raises:
        ServerRefused: there is no such part.
    """
    if not too_deep(raw):
        try:
            found = next((leaf for leaf in leaves(parse(raw)) if leaf.path == part), None)
            if found is not None:
                return found.content()
        except (MessageError, RecursionError, ValueError, LookupError):
            pass
    raise ServerRefused(
        "The message has no such attachment.", "Open the raw message to see what it holds."
    )


def raw_text(raw: bytes) -> str:
    """The bytes of a message as text that is safe to show."""
    return plain_text(_cut(guess_text(raw[: MAX_TEXT + 1])))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}\n{CUT}"


def _unreadable(raw: bytes, defect: str) -> Arrival:
    text = raw_text(raw)
    return Arrival(
        ChannelKind.EMAIL,
        MessageKind.EMAIL,
        sender=None,
        text=text,
        whole=text,
        nature=Nature.UNREADABLE,
        defects=(defect,),
    )


def _from_header(raw: bytes, text: str, defect: str = "") -> Arrival:
    """A message of which only the header is read."""
    parsed = BytesHeaderParser(_class=MailMessage).parsebytes(tidy(raw))
    fields = Fields(parsed)
    people = _People(fields)
    nature = Nature.UNREADABLE if defect else _plain_nature(fields, people.sender)
    return _arrival(fields, people, text, text, nature=nature, defects=(defect,) if defect else ())


def _from_message(raw: bytes) -> Arrival:
    root = parse(raw)
    fields = root.fields
    if not any(name in fields for name in _KNOWN):
        return _unreadable(raw, _NO_HEADER if raw.strip() else _EMPTY)
    people = _People(fields)
    sender = people.sender
    nature, report = _nature(root, raw, sender)
    body = sort_parts(root)
    text = body_text(body)
    subject = fields.text("subject")
    # What a machine reports is read as a whole; there is no author to tell from the quoted.
    by_machine = nature in {Nature.BOUNCE, Nature.RECEIPT}
    visible, whole = fold(
        text,
        reply=is_reply_subject(subject) or "in-reply-to" in fields or "references" in fields,
        forwarded=by_machine or is_forward_subject(subject),
    )
    return _arrival(
        fields,
        people,
        visible,
        whole,
        nature=nature,
        report=report,
        attachments=_attachments(body),
        defects=_defects(root, sender),
    )


def _arrival(
    fields: Fields,
    people: _People,
    text: str,
    whole: str,
    *,
    nature: Nature,
    report: DeliveryReport | None = None,
    attachments: tuple[Attachment, ...] = (),
    defects: tuple[str, ...] = (),
) -> Arrival:
    return Arrival(
        ChannelKind.EMAIL,
        MessageKind.EMAIL,
        sender=people.sender,
        to=people.all("to"),
        cc=people.all("cc"),
        reply_to=people.all("reply-to"),
        sent_at=date(fields.all("date")),
        subject=fields.text("subject"),
        text=text,
        whole=whole,
        attachments=attachments,
        message_id=message_id(fields.raw("message-id")),
        in_reply_to=message_ids(fields.raw("in-reply-to")),
        references=message_ids(" ".join(fields.all("references"))),
        list_id=list_id(fields),
        nature=nature,
        report=report,
        received=_received(fields, people),
        defects=defects,
    )


class _People:
    """The mailboxes in the header, each field read once."""

    def __init__(self, fields: Fields) -> None:
        self._fields = fields
        self._read: dict[str, tuple[Address, ...]] = {}

    def all(self, name: str) -> tuple[Address, ...]:
        """The mailboxes of every field of that name."""
        if name not in self._read:
            values = self._fields.all(name)
            self._read[name] = tuple(one for value in values for one in addresses(value))
        return self._read[name]

    def first(self, name: str) -> str:
        """The first address in a field, as received; empty when there is none."""
        return next((one.value for one in self.all(name) if one.value), "")

    @property
    def sender(self) -> Address | None:
        """Who wrote it: the first From with an address, else Sender, else whatever From says."""
        told = self.all("from")
        usable = [one for one in told if "@" in one.value] or self.all("sender")
        return next(iter([*usable, *told]), None)


def _received(fields: Fields, people: _People) -> Received:
    """The addresses as our server received them, and the token of our own round trip."""
    path = None
    if "return-path" in fields:
        path = people.first("return-path")
    delivered = [one.value for name in _DELIVERED_TO for one in people.all(name)]
    return Received(
        from_=people.first("from"),
        reply_to=people.first("reply-to"),
        return_path=path,
        delivered_to=tuple(dict.fromkeys(delivered))[:50],
        probe_token=fields.text(PROBE_HEADER.lower(), 200),
    )


def _nature(root: Part, raw: bytes, sender: Address | None) -> tuple[Nature, DeliveryReport | None]:
    """What kind of message it is, and what it reports of another."""
    fields = root.fields
    if PROBE_HEADER.lower() in fields:
        return Nature.PROBE, None
    address, name = (sender.value, sender.name) if sender else ("", "")
    read = receipt(root)
    if read is not None:
        return Nature.RECEIPT, read
    failed = bounce(root, raw, address, name)
    if failed is not None:
        return Nature.BOUNCE, failed
    nature = _plain_nature(fields, sender)
    if nature is Nature.AUTO_REPLY:
        answered = message_ids(fields.raw("in-reply-to"))
        return nature, DeliveryReport((), answered[0]) if answered else None
    return nature, None


def _plain_nature(fields: Fields, sender: Address | None) -> Nature:
    """The nature as far as the header alone tells."""
    if PROBE_HEADER.lower() in fields:
        return Nature.PROBE
    if is_automatic(fields, sender.value if sender else ""):
        return Nature.AUTO_REPLY
    return Nature.BULK if is_bulk(fields) else Nature.PERSONAL


def body_text(body: Body) -> str:
    """The text to read, every inline text in order, safe to show."""
    plain = [_part_text(part) for part in body.plain]
    text = "\n\n".join(one for one in plain if one.strip())
    has_html = any(part.media_type == "text/html" for part in body.html)
    if has_html and _is_poor(text, body):
        better = "\n\n".join(filter(None, (_part_text(part).strip("\n") for part in body.html)))
        text = better if better.strip() else text
    return plain_text(_cut(text)).strip("\n")


def _is_poor(text: str, body: Body) -> bool:
    """Whether the plain text only stands in for the HTML, or is the HTML by mistake."""
    if any(part.media_type == "text/html" for part in body.plain):
        return False
    words = len(text.split())
    if words == 0 or (_MARKUP.search(text) and text.lstrip().startswith("<")):
        return True
    if words > 30:
        return False
    # `Your mail program cannot show HTML`: a few words beside a page of them.
    markup = next(part for part in body.html if part.media_type == "text/html").content()
    return len(markup) > 2000 and len(readable(guess_text(markup[:200_000])).split()) > 5 * words


def _part_text(part: Part) -> str:
    kind = part.media_type
    if kind == "text/html":
        return readable(part.text())
    if kind.startswith("text/"):
        return part.text()[: MAX_TEXT + 1]
    return ""


def _attachments(body: Body) -> tuple[Attachment, ...]:
    out = []
    for part in body.attachments[:MAX_ATTACHMENTS]:
        size, sha256 = part.measure()
        out.append(
            Attachment(
                part=part.path,
                name=part.name,
                media_type=plain_line(part.media_type, 200),
                size=size,
                sha256=sha256,
            )
        )
    return tuple(out)


def _defects(root: Part, sender: Address | None) -> tuple[str, ...]:
    """What is wrong with it, for whoever looks at the raw message."""
    fields = root.fields
    told = []
    if sender is None:
        told.append("It does not say who sent it.")
    if len(fields.all("from")) > 1:
        told.append("It has more than one From.")
    if not fields.raw("message-id"):
        told.append("It has no Message-ID.")
    if date(fields.all("date")) is None:
        told.append("It has no date that can be read.")
    if any(leaf.message.defects for leaf in (root, *leaves(root))):
        told.append("Its structure is damaged.")
    return tuple(told)
