"""Folders of a mailbox: which one holds what we sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Listed:
    """One folder as LIST names it (RFC 3501 section 7.2.2)."""

    name: str
    delimiter: str
    """What separates a folder from its parent; empty in a flat name space."""
    attributes: frozenset[str]
    r"""Lower case, with the backslash: ``\sent``, ``\noselect``."""

    @property
    def selectable(self) -> bool:
        """Whether it can hold messages."""
        return not self.attributes & {"\\noselect", "\\nonexistent"}


# The commonest first: of two that are both there, the earlier one wins.
_SENT_NAMES = (
    "sent", "sent items", "sent mail", "sent messages", "sent-mail", "sentmail", "sentbox",
    # German, French, Spanish, Portuguese, Italian, Dutch
    "gesendet", "gesendete elemente", "gesendete objekte", "gesendete nachrichten",
    "envoyés", "éléments envoyés", "messages envoyés", "courrier envoyé", "objets envoyés",
    "enviados", "elementos enviados", "mensajes enviados", "correo enviado",
    "itens enviados", "mensagens enviadas", "e-mails enviados", "enviadas", "enviado",
    "inviati", "posta inviata", "elementi inviati", "messaggi inviati", "inviata",
    "verzonden", "verzonden items", "verzonden berichten", "verzonden objecten",
    # Swedish, Danish, Norwegian, Finnish
    "skickat", "skickade", "skickade objekt", "skickade meddelanden",
    "sendt", "sendt post", "sendte elementer", "sendte", "lähetetyt", "lähetetyt kohteet",
    # Polish, Czech, Hungarian, Romanian
    "wysłane", "elementy wysłane", "odeslané", "odeslaná pošta", "odeslané položky",
    "elküldött", "elküldött elemek", "trimise", "elemente trimise", "mesaje trimise",
    # Russian, Ukrainian, Greek, Turkish, Vietnamese
    "отправленные", "отправленное", "надіслані", "відправлені", "απεσταλμένα",
    "gönderilmiş öğeler", "gönderilenler", "gönderilmiş postalar", "đã gửi", "thư đã gửi",
    # Chinese, Japanese, Korean, Arabic, Hebrew
    "已发送", "已发送邮件", "已发送消息", "已傳送", "寄件備份", "已傳送的郵件",
    "送信済み", "送信済みメール", "送信済みアイテム", "送信済みトレイ",
    "보낸편지함", "보낸 편지함", "보낸메일함", "보낸 메일함",
    "المرسلة", "العناصر المرسلة", "البريد المرسل", "פריטים שנשלחו", "דואר שנשלח",
)  # fmt: skip
_RANK = {unicodedata.normalize("NFC", name): place for place, name in enumerate(_SENT_NAMES)}
_PARENTS = frozenset({"", "inbox", "[gmail]", "[google mail]", "mail"})


def choose_sent(listing: Iterable[Listed]) -> str | None:
    r"""The folder of what we sent, or None when none looks like it.

    The server's own word, ``\Sent`` (RFC 6154), counts most. Without it, a well-known name decides,
    at the top or right under INBOX or ``[Gmail]``: a folder `2019/Sent` is somebody's archive.
    """
    folders = [folder for folder in listing if folder.selectable and folder.name]
    for folder in folders:
        if "\\sent" in folder.attributes:
            return folder.name
    named = [(rank, folder.name) for folder in folders if (rank := _rank(folder)) is not None]
    return min(named)[1] if named else None


def _rank(folder: Listed) -> int | None:
    parent, leaf = "", folder.name
    if folder.delimiter:
        parent, _, leaf = folder.name.rpartition(folder.delimiter)
    if parent.casefold() not in _PARENTS:
        return None
    return _RANK.get(unicodedata.normalize("NFC", leaf).casefold().strip())


def folder_name(name: str) -> str:
    """The one spelling of a folder's name: INBOX is INBOX in any case (RFC 3501 section 5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name
