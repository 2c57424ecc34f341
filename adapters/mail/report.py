"""What machines report: mail that did not arrive, mail that was read.

Sources: RFC 3464 (delivery status), RFC 6522 (multipart/report), RFC 6533 (internationalised
reports), RFC 8098 (disposition notifications). Bounces that follow no standard are told apart by
`flufl.bounce`, which is asked only about mail that looks like one.
"""

from __future__ import annotations

import re
from email import message_from_bytes

from adapters.mail.address import valid_address
from adapters.mail.header import Fields, message_id, message_ids
from adapters.mail.part import Part, leaves, parse
from inbox.message import DeliveryReport, FailedRecipient
from inbox.plain import plain_line

MAX_RECIPIENTS = 500
_MAX_SCANNED = 400_000
_ACTIONS = {"failed", "delayed", "delivered", "relayed", "expanded"}
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_DAEMON = re.compile(
    r"^\s*(?:mailer[-_.]?daemon|mail[-_.]?daemon|postmaster|mailer|mdaemon|bounces?|mail[-_.]?delivery"
    r"|mmdf|uucp|smtp[-_.]?daemon|mailadmin|deliver|system[-_.]?mailer|ndr)\b",
    re.IGNORECASE,
)
_DAEMON_NAME = re.compile(
    r"mail(?:er)?[-\s]?delivery|mailer[-_\s]?daemon|delivery\s+subsystem|postmaster|mail\s+administrator",
    re.IGNORECASE,
)
_SUBJECT = re.compile(
    r"""^(?!\s*(?:re|aw|fwd?|wg|sv|tr|rv)\s*:).{0,40}?(?:
        undeliver | non-?deliver
      | delivery\s+(?:status|fail|error|notif|report|problem|delay|has\sfailed|incomplete)
      | delivery.{0,20}(?:failed|delayed)
      | returned\s+(?:mail|e-?mail|message|to\ssender) | mail\s+(?:fail|not\s+deliver)
      | failure\s+(?:notice|notification|delivery)
      | could\s+not\s+be\s+delivered | (?:can|could)\s?n.t\s+be\s+delivered
      | mail\s+system\s+error | message\s+(?:status|not\s+delivered|undeliverable) | bounce
      | user\s+unknown | unzustellbar | nicht\s+zugestellt | non\s+remis
      | no\s+se\s+ha\s+podido | 不能 | 退信
    )""",
    re.IGNORECASE | re.VERBOSE,
)
_SUBJECT_END = re.compile(r"\bnon remis\b|\(delivery fail\w*\)\s*$", re.IGNORECASE)
_ORIGINAL_ID = re.compile(
    rb"^[ \t>|]*message-id:[ \t]*(?:\r?\n[ \t]+)?<([^<>\s]{3,400})>", re.IGNORECASE | re.MULTILINE
)


def report_type(root: Part) -> str:
    """`delivery-status`, `disposition-notification` or another type; empty if no report."""
    if root.message.get_content_type() != "multipart/report":
        return ""
    told = root.parameter("report-type").lower()
    if told:
        return told
    for leaf in leaves(root):
        kind = leaf.media_type.removeprefix("message/").removeprefix("global-")
        if kind in {"delivery-status", "disposition-notification"}:
            return kind
    return ""


def looks_like_bounce(root: Part, sender: str, name: str) -> bool:
    """Whether a message may be a bounce: a null envelope sender, a daemon, a failed recipient."""
    fields = root.fields
    if report_type(root) or fields.raw("x-failed-recipients") or _has_status(root):
        return True
    null_path = "return-path" in fields and fields.raw("return-path").replace(" ", "") in {"<>", ""}
    daemon = bool(_DAEMON.match(sender) or _DAEMON_NAME.search(name) or _DAEMON.match(name))
    # A subject alone counts only where it begins a matter: people answer and pass on bounces.
    subject = fields.text("subject", 300)
    told = _SUBJECT.match(subject) or _SUBJECT_END.search(subject)
    return null_path or daemon or (told is not None and "in-reply-to" not in fields)


def _has_status(root: Part) -> bool:
    return any(leaf.media_type in _STATUS_TYPES for leaf in leaves(root))


_STATUS_TYPES = {"message/delivery-status", "message/global-delivery-status"}


def bounce(root: Part, raw: bytes, sender: str, name: str) -> DeliveryReport | None:
    """The delivery report in a message, or None when it is none.

    Args:
        root: The parsed message.
        raw: Its bytes.
        sender: The address it comes from.
        name: The name beside that address.
    """
    recipients = _standard(root)
    if not recipients and looks_like_bounce(root, sender, name):
        recipients = _unusual(raw)
    fields = root.fields
    daemon = bool(_DAEMON.match(sender) or _DAEMON_NAME.search(name))
    told = daemon and bool(_SUBJECT.match(fields.text("subject", 300)))
    if not (recipients or told or report_type(root) == "delivery-status"):
        return None
    return DeliveryReport(tuple(recipients[:MAX_RECIPIENTS]), _original_id(root, raw))


def _standard(root: Part) -> list[FailedRecipient]:
    """The recipients of an RFC 3464 report, each once."""
    found: dict[str, FailedRecipient] = {}
    for leaf in leaves(root):
        if leaf.media_type not in _STATUS_TYPES:
            continue
        for block in re.split(r"\n[ \t]*\n", _status_text(leaf)):
            one = _recipient(block)
            if one is not None:
                found.setdefault(one.address.casefold(), one)
    return list(found.values())


def _status_text(leaf: Part) -> str:
    text = leaf.content()[:_MAX_SCANNED].decode("utf-8", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _recipient(block: str) -> FailedRecipient | None:
    """One group of fields about one recipient; None for the group about the message."""
    told: dict[str, str] = {}
    for line in re.sub(r"\n[ \t]+", " ", block).split("\n"):
        name, colon, value = line.partition(":")
        if colon:
            told.setdefault(name.strip().lower(), value.strip())
    address = _typed(told.get("original-recipient", "")) or _typed(told.get("final-recipient", ""))
    if not address:
        return None
    words = told.get("action", "").split()
    action = words[0].lower().strip(".;()") if words else ""
    status = _STATUS.search(told.get("status", ""))
    code = status.group() if status else ""
    if action not in _ACTIONS:
        action = "delayed" if code.startswith("4") else "delivered" if code[:1] == "2" else "failed"
    diagnostic = told.get("diagnostic-code", "").partition(";")[2] or told.get(
        "diagnostic-code", ""
    )
    return FailedRecipient(address, action, code, plain_line(diagnostic, 500))


def _typed(value: str) -> str:
    """The address of `rfc822; ann@example.com`; empty when it is none (RFC 3464 section 2.3)."""
    kind, mark, address = value.partition(";")
    address = (address if mark else kind).strip().strip("<>").strip()
    if address.lower().startswith("rfc822;"):
        address = address[7:].strip()
    # A host of somebody's own network has no dot, and can be in a report all the same.
    known = valid_address(address) or valid_address(f"{address}.example")
    return plain_line(address, 320) if known else ""


def _unusual(raw: bytes) -> list[FailedRecipient]:
    """The recipients of a bounce that follows no standard."""
    from flufl.bounce import all_failures  # a hundred modules; needed for odd bounces only

    try:
        temporary, permanent = all_failures(message_from_bytes(raw[:_MAX_SCANNED]))
    except Exception:  # noqa: BLE001 - hostile bytes; what it stumbles over is no bounce
        return []
    code = _STATUS.search(raw[:_MAX_SCANNED].decode("latin-1"))
    status = code.group() if code else ""
    found = [(one, "failed") for one in permanent] + [
        (one, "delayed") for one in temporary - permanent
    ]
    out: dict[str, FailedRecipient] = {}
    for one, action in sorted(found):
        address = _typed(one.decode("utf-8", "replace"))
        fits = status.startswith("4") == (action == "delayed")
        if address:
            out[address.casefold()] = FailedRecipient(address, action, status if fits else "")
    return list(out.values())


def _original_id(root: Part, raw: bytes) -> str:
    """The Message-ID of the message that came back, from its returned header; empty if unknown."""
    for leaf in leaves(root):
        if leaf.media_type in {"message/rfc822", "message/global", "message/global-headers"}:
            nested = leaf.nested
            found = message_id(Fields(nested).raw("message-id")) if nested is not None else ""
        elif leaf.media_type in {"text/rfc822-headers", "text/rfc822-header"}:
            found = message_id(parse(leaf.content()).fields.raw("message-id"))
        elif leaf.media_type in _STATUS_TYPES:
            line = re.search(
                r"(?im)^(?:original-message-id|x-original-message-id):(.*)$", _status_text(leaf)
            )
            found = message_id(line.group(1)) if line else ""
        else:
            continue
        if found:
            return found
    # Returned inside the text: the first one below the header of the bounce itself.
    body = re.search(rb"\r?\n\r?\n", raw)
    quoted = _ORIGINAL_ID.search(raw, body.end(), body.end() + _MAX_SCANNED) if body else None
    if quoted:
        return message_id(quoted.group(1).decode("latin-1"))
    named = message_ids(root.fields.raw("in-reply-to")) or message_ids(
        root.fields.raw("references")
    )
    return named[-1] if named else ""


def _report_text(root: Part) -> str:
    notes = (leaf for leaf in leaves(root) if leaf.media_type.endswith("disposition-notification"))
    return "\n".join(_status_text(leaf) for leaf in notes)


def receipt(root: Part) -> DeliveryReport | None:
    """What a disposition notification speaks of (RFC 8098), or None when the message is none."""
    if report_type(root) != "disposition-notification":
        return None
    if re.search(r"(?im)^disposition:[^\n]*(?:deleted|failed|denied)", _report_text(root)):
        return None  # thrown away by a machine: nobody has read it
    found = re.search(r"(?im)^original-message-id:\s*(\S.*)$", _report_text(root))
    named = message_id(found.group(1)) if found else ""
    answered = message_ids(root.fields.raw("in-reply-to"))
    return DeliveryReport((), named or (answered[0] if answered else ""))
