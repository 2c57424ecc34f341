"""Where well-known providers keep their servers, and a guess for all others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Servers:
    """One provider's servers."""

    imap_host: str
    smtp_host: str
    imap_port: int = 993
    smtp_port: int = 465
    imap_security: str = "tls"
    smtp_security: str = "tls"
    save_sent: bool = True
    """False: the provider itself puts what it sends into the Sent folder."""
    advice: str = ""
    """What a newcomer must know before the password."""


_APP_PASSWORD = "it takes an app password here, made in the account's security settings."  # noqa: S105 - advice
_GOOGLE = Servers(
    "imap.gmail.com",
    "smtp.gmail.com",
    save_sent=False,
    advice=f"Google: {_APP_PASSWORD} A practice needs Google Workspace with a BAA.",
)
_MICROSOFT = Servers(
    "outlook.office365.com",
    "smtp.office365.com",
    smtp_port=587,
    smtp_security="starttls",
    save_sent=False,
    advice="Microsoft: most mailboxes take no password unless IMAP and SMTP AUTH are allowed.",
)
_APPLE = Servers(
    "imap.mail.me.com",
    "smtp.mail.me.com",
    smtp_port=587,
    smtp_security="starttls",
    advice=f"Apple: {_APP_PASSWORD}",
)
_YAHOO = Servers("imap.mail.yahoo.com", "smtp.mail.yahoo.com", advice=f"Yahoo: {_APP_PASSWORD}")
_PROTON = Servers(
    "127.0.0.1",
    "127.0.0.1",
    imap_port=1143,
    smtp_port=1025,
    imap_security="starttls",
    smtp_security="starttls",
    save_sent=False,
    advice="Proton: Proton Mail Bridge must run on this machine; its own password is needed.",
)
_KNOWN = {
    "gmail.com": _GOOGLE,
    "googlemail.com": _GOOGLE,
    "outlook.com": _MICROSOFT,
    "hotmail.com": _MICROSOFT,
    "live.com": _MICROSOFT,
    "icloud.com": _APPLE,
    "me.com": _APPLE,
    "mac.com": _APPLE,
    "yahoo.com": _YAHOO,
    "aol.com": Servers("imap.aol.com", "smtp.aol.com", advice=f"AOL: {_APP_PASSWORD}"),
    "fastmail.com": Servers(
        "imap.fastmail.com", "smtp.fastmail.com", advice=f"Fastmail: {_APP_PASSWORD}"
    ),
    "zoho.com": Servers("imap.zoho.com", "smtp.zoho.com", save_sent=False),
    "gmx.com": Servers("imap.gmx.com", "mail.gmx.com", smtp_port=587, smtp_security="starttls"),
    "gmx.net": Servers("imap.gmx.net", "mail.gmx.net", smtp_port=587, smtp_security="starttls"),
    "posteo.de": Servers("posteo.de", "posteo.de"),
    "mailbox.org": Servers("imap.mailbox.org", "smtp.mailbox.org"),
    "proton.me": _PROTON,
    "protonmail.com": _PROTON,
}


def guess(address: str) -> Servers:
    """The servers of an address's provider; `imap.` and `smtp.` before the domain when unknown."""
    domain = address.rpartition("@")[2].lower()
    return _KNOWN.get(domain, Servers(f"imap.{domain}", f"smtp.{domain}"))


def known(address: str) -> bool:
    """Whether the provider is one we know."""
    return address.rpartition("@")[2].lower() in _KNOWN
