"""Addresses of people and of the practice: e-mail addresses, phone numbers, portal references."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from inbox.number import number_words


class ChannelKind(StrEnum):
    """The medium a message travels on."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    PORTAL = "portal"

    @property
    def words(self) -> str:
        """How the screen calls it."""
        return {"email": "e-mail", "sms": "text", "phone": "call", "portal": "portal"}[self.value]

    @property
    def plural(self) -> str:
        """What is sent on it, in words."""
        return {"email": "e-mail", "sms": "texts", "phone": "calls", "portal": "portal messages"}[
            self.value
        ]

    @property
    def system(self) -> AddressSystem:
        """The kind of address this channel reaches."""
        if self is ChannelKind.EMAIL:
            return AddressSystem.EMAIL
        return AddressSystem.PORTAL if self is ChannelKind.PORTAL else AddressSystem.PHONE


class AddressSystem(StrEnum):
    """What kind of address it is (FHIR ContactPoint.system, with `portal` for an account)."""

    EMAIL = "email"
    PHONE = "phone"
    PORTAL = "portal"


@dataclass(frozen=True, slots=True)
class Address:
    """One address, as it was written, with the name that came along."""

    system: AddressSystem
    """Which kind of address."""
    value: str
    """The address as written: `Ann.Lee@Example.com`, `+15550101`, `Patient/12`."""
    name: str = ""
    """The display name that came with it, made safe to show."""

    @property
    def key(self) -> str:
        """What to compare by: e-mail without regard to case, phone numbers by their digits."""
        return address_key(self.system, self.value)

    def __str__(self) -> str:
        """`Ann Lee <ann@example.com>`, or the bare address."""
        return f"{self.name} <{self.value}>" if self.name else self.value

    @property
    def words(self) -> str:
        """As people write it: `Ann Lee <ann@example.com>`, `Ann Lee · (555) 010-7811`.

        In a portal the name alone: what the portal calls them (`Patient/12`) is for programs.
        """
        if self.system is AddressSystem.PORTAL:
            return self.name or self.place
        if self.system is not AddressSystem.PHONE:
            return str(self)
        number = number_words(self.value)
        return f"{self.name} · {number}" if self.name and self.name != number else number

    @property
    def place(self) -> str:
        """Where it is, without the name: `ann@example.com`, `(555) 010-7811`, `portal account`."""
        if self.system is AddressSystem.PORTAL and "://" not in self.value:
            return "portal account"
        return number_words(self.value)


def address_key(system: AddressSystem, value: str) -> str:
    """The form of an address to compare by.

    E-mail addresses are compared case-insensitively as a whole (RFC 5321 leaves the local part to
    the receiving host; no practice has two patients who differ by case). Dots and `+tags` count.
    """
    value = value.strip()
    if system is AddressSystem.EMAIL:
        return value.casefold()
    if system is AddressSystem.PHONE:
        digits = re.sub(r"[^0-9]", "", value)
        return f"+{digits}" if value.startswith("+") else digits
    return value


def email(value: str, name: str = "") -> Address:
    """An e-mail address."""
    return Address(AddressSystem.EMAIL, value, name)


_NO_REPLY = re.compile(
    r"""^(?: (?:do[-_.]?|please[-_.]?do[-_.]?)? (?:not?|nicht|pas|kein)
            [-_.]? (?:reply|replies|respond|response|answer|antwort(?:en)?|repondre|responder)
            | ne[-_.]?pas[-_.]?repondre | nepasrepondre | no[-_.]?responder | unattended
            | unmonitored | mailer[-_.]?daemon | postmaster | bounces? | devnull | null
        ) (?: [-_.+0-9] .* )? $""",
    re.IGNORECASE | re.VERBOSE,
)


def is_no_reply(value: str) -> bool:
    """Whether an e-mail address says by its name that nobody reads what is sent to it."""
    local, at, _ = value.strip().rpartition("@")
    return bool(at) and _NO_REPLY.match(local) is not None
