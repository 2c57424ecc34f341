"""Mailboxes in header fields, and whether an address can be written to.

Sources: RFC 5322 section 3.4 (and the obsolete forms of section 4.4), RFC 6531 and RFC 6532
(addresses in every script), RFC 5321 section 4.5.3.1 (lengths), RFC 1035 and RFC 5890 (domains).
"""

from __future__ import annotations

import re
import unicodedata

from adapters.mail.header import decode_words
from inbox.address import Address, email
from inbox.plain import plain_line

# Every repetition has an end, so that an unclosed bracket costs no more than a glance.
_TOKEN = re.compile(
    r"""
      (?P<word>=\?[^?\s]{1,80}\?[bBqQ]\?[^?]{0,2000}\?=)
    | "(?P<quoted>(?:[^"\\]|\\.){0,400}+)"
    | \((?P<comment>(?:[^()\\]|\\.|\((?:[^()\\]|\\.){0,200}+\)){0,400}+)\)
    | <(?P<angle>(?:"(?:[^"\\<>]|\\.){0,200}+"|[^<>"]){0,600}+)>
    | (?P<literal>[^\s",;:<>()@]{1,64}@\[[^\]\s]{1,60}\])
    | (?P<mark>[,;:])
    | (?P<atom>[^\s",;:<>()=]+|=)
    | (?P<blank>\s+)
    | (?P<stray>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_INNER = re.compile(r"^(.*?)<([^<>\s]+@[^<>\s]+)>")
_BARE = re.compile(r"[^\s<>()\[\]\"',;:]+@[^\s<>()\"',;:]+")
_MAX_NAME = 300
_MAX_ESCAPES = 1000
"""More backslashes than this stand in no honest list; they only make reading slow."""
_MAX_ADDRESS = 500


class _Mailbox:
    """The pieces of one entry of an address list while it is read."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, str]] = []
        self.comments: list[str] = []
        self.angle: str | None = None

    def address(self) -> Address | None:
        """What the pieces amount to; None when they are nothing at all."""
        if self.angle is not None and self.angle.strip():
            value = _addr_spec(self.angle)
            name = _phrase(self.pieces) or _words(" ".join(self.comments))
            return _made(value, name)
        raw = "".join(text for _, text in self.pieces).strip()
        if not raw:
            return None
        if "@" in raw:
            bare = _BARE.search(raw)
            spaced = len(raw.split()) > 1 and '"' not in raw
            # `Ann Lee ann@example.com`: the one word with the sign is the address. `ann @ example
            # . com` has no such word and is put together (RFC 5322 section 4.4).
            if spaced and bare and not re.search(r"\s\.|\.\s|@$", raw):
                name = _words((raw[: bare.start()] + raw[bare.end() :]).strip())
                return _made(bare.group(), name.strip("[]'\" "))
            return _made(_addr_spec(raw), _words(" ".join(self.comments)))
        phrase = _phrase(self.pieces)
        inner = _INNER.match(phrase)
        if inner:
            return _made(inner.group(2), inner.group(1).strip().strip('"'))
        # No address at all, such as `From: Postmaster`: what is written stands for it.
        return _made(phrase, "")


def _made(value: str, name: str) -> Address | None:
    value = plain_line(value, _MAX_ADDRESS)
    name = plain_line(name, _MAX_NAME).strip("'") if name != value else ""
    return email(value, name) if value or name else None


def _words(text: str) -> str:
    return decode_words(_ESCAPED.sub(r"\1", text))


def _phrase(pieces: list[tuple[str, str]]) -> str:
    """A display name: quotes taken off, neighbouring encoded words joined, one blank between."""
    out: list[str] = []
    for kind, text in pieces:
        # Inside quotes words are not encoded by the standard, and are in practice.
        out.append(_ESCAPED.sub(r"\1", text[1:-1]) if kind == "quoted" else text)
    return " ".join(decode_words("".join(out)).split())


def _addr_spec(text: str) -> str:
    """The address inside angle brackets, routes and blanks taken out, quotes left."""
    text = text.strip()
    if "=?" in text:
        text = decode_words(text)
    if text.startswith("@") and ":" in text:
        text = text.rsplit(":", 1)[1]
    if text.lower().startswith("mailto:"):
        text = text[7:]
    return text.strip() if '"' in text else "".join(text.split())


def addresses(value: str) -> tuple[Address, ...]:
    """The mailboxes of an address list, in order; groups are opened, empty groups vanish.

    Takes time in proportion to the length, and never fails: what is no address stays as it is.

    Args:
        value: The field, unfolded, encoded words not yet decoded.
    """
    if value.count("\\") > _MAX_ESCAPES:
        value = value.replace("\\", "")
    found: list[Address] = []
    box = _Mailbox()
    for token in _TOKEN.finditer(value):
        kind, text = token.lastgroup or "", token.group()
        if kind == "mark":
            if text == ":":
                # The name of a group, or a scheme: not part of any address.
                box = _Mailbox() if box.angle is None else box
                continue
            _finish(box, found)
            box = _Mailbox()
        elif kind == "angle":
            # A second address without a comma before it begins a mailbox of its own.
            if box.angle is not None:
                _finish(box, found)
                box = _Mailbox()
            box.angle = token.group("angle")
        elif kind == "comment":
            box.comments.append(token.group("comment"))
        elif kind != "stray":
            if box.angle is not None and kind != "blank":
                _finish(box, found)
                box = _Mailbox()
            box.pieces.append((kind, text))
    _finish(box, found)
    return tuple(found)


def _finish(box: _Mailbox, found: list[Address]) -> None:
    made = box.address()
    if made is not None:
        found.append(made)


_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_QUOTED_LOCAL = re.compile(r'"(?:[^"\\\x00-\x1f\x7f]|\\[ -~\u00a0-\U0010ffff])*"')
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_WRONG_CATEGORIES = {"Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp", "Zs"}


def ascii_domain(domain: str) -> str:
    """The domain as name servers know it (punycode), or empty when it cannot be one."""
    if any(unicodedata.category(c) == "No" for c in domain):
        return ""
    try:
        ascii_form = domain.encode("idna").decode("ascii").lower()
        for label in ascii_form.split("."):
            if label.startswith("xn--"):
                label.encode("ascii").decode("idna")
    except UnicodeError:
        return ""
    labels = ascii_form.split(".")
    wrong = any(
        not _LABEL.fullmatch(label) or (label[2:4] == "--" and not label.startswith("xn--"))
        for label in labels
    )
    # A name without a dot is a host of somebody's own network; a number is no top level.
    if wrong or len(labels) < 2 or not labels[-1][0].isalpha() or not labels[-1][-1].isalpha():
        return ascii_form if not wrong and labels[-1].startswith("xn--") and len(labels) > 1 else ""
    return ascii_form if len(ascii_form) <= 253 else ""


def valid_address(value: str) -> bool:
    """Whether an address (without a name) can be written to, as far as its form says.

    The lengths of RFC 5321 hold for the form that is sent: 64 octets before the sign, 254 in all.
    """
    written = value
    value = unicodedata.normalize("NFC", value)
    local, sign, domain = value.rpartition("@")
    # A bracket that a mark turns into another sign is a bracket all the same.
    if not sign or not local or any(c in "<>" for c in written):
        return False
    if len(local.encode("utf-8", "surrogatepass")) > 64:
        return False
    unquoted = local[1:-1] if _QUOTED_LOCAL.fullmatch(local) else local
    allowed = {" "} if unquoted != local else set()
    if any(unicodedata.category(c) in _WRONG_CATEGORIES for c in unquoted if c not in allowed):
        return False
    if unquoted == local and not _LOCAL.fullmatch(local):
        return False
    # A combining mark in front would hang on to the sign or the bracket before it.
    if not unquoted or unicodedata.category(unquoted[0]).startswith("M"):
        return False
    name = ascii_domain(domain)
    longest = max(local, written.rpartition("@")[0], key=lambda text: len(text.encode()))
    return bool(name) and len(longest.encode()) + 1 + len(name) <= 254


def wire_address(value: str) -> str:
    """The address as it goes over the wire: the domain in ASCII, the rest as written.

    Only when the part before the sign is not ASCII does a server need SMTPUTF8 (RFC 6531).
    """
    local, sign, domain = value.rpartition("@")
    if not sign or domain.isascii():
        return value
    return f"{local}@{ascii_domain(domain) or domain}"
