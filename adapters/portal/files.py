"""Fetching what payloads point to: below the server's base only, bounded in number and size."""

from __future__ import annotations

from typing import Any

from adapters.portal.connection import FHIR, Portal
from adapters.portal.context import TRIES, ContextReader
from adapters.portal.item import MOST_FILE, File, too_large, without_large
from adapters.portal.page import Record, parse_object
from adapters.portal.payload import decoded
from adapters.portal.resource import part, parts, pointed, reference, word
from adapters.portal.trouble import Forbidden, SentElsewhere
from inbox.errors import ConnectionLost, ServerRefused

MOST_FILES = 10
"""Files of one message that are fetched."""
MOST_WHOLE = 100_000_000
"""Bytes of one file that are fetched when somebody asks for the whole message."""
_JSON = {FHIR, "application/json", "text/json"}
_GONE = "A file of the message is no longer in the portal{}."
_ELSEWHERE = "A file of the message lies on another server{}; open it in the portal."
_HIDDEN = "The portal does not let us read a file of the message{}."
_LATER = "A file of the message could not be fetched{}; ask for the whole message."


class FileReader:
    """Fetches the files of messages; see `ContextReader` for what it does when one fails.

    Args:
        portal: The server.
        context: Gives documents that messages point to.
    """

    def __init__(self, portal: Portal, context: ContextReader) -> None:
        self._portal = portal
        self._context = context
        self._failures: dict[str, int] = {}

    async def of(
        self, message: Record, *, last: bool = False
    ) -> tuple[Record, tuple[File, ...], bool]:
        """A message without what is too large in it, its files, and whether that is all.

        Args:
            message: The Communication.
            last: Take whatever can be had now, however large; a person asked for it.

        Raises:
            ConnectionLost, AuthenticationFailed: try again later.
        """
        most = MOST_WHOLE if last else MOST_FILE
        kept, found = without_large(message, most)
        wanted = [
            (number, attachment)
            for place, payload in enumerate(parts(message, "payload"))
            for number, attachment in await self._pointed(message, str(place), payload)
        ]
        for number, attachment in wanted[:MOST_FILES]:
            found.append(await self._file(number, attachment, most, last=last))
        if len(wanted) > MOST_FILES:
            found.append(File("", "", "", problem=f"Only {MOST_FILES} files were fetched."))
        found.sort(key=lambda one: [int(number) for number in one.part.split(".") if number])
        return kept, tuple(found), not any(one.passing for one in found)

    async def _pointed(self, message: Record, number: str, payload: Record) -> list[Any]:
        """What a payload points to, as numbered Attachments; a problem in place of one."""
        attachment = part(payload, "contentAttachment")
        if attachment:
            return [(number, attachment)] if "data" not in attachment else []
        holder = part(payload, "contentReference")
        name = reference(holder, self._portal.base)
        kind = name.partition("/")[0]
        if name.startswith("#"):
            document = pointed(holder, self._portal.base, {}, parts(message, "contained"))
            return _attachments(number, document) if document is not None else []
        if kind == "Binary":
            return [(number, {"url": name, "title": word(holder, "display", 200)})]
        if kind not in {"DocumentReference", "Media", "DiagnosticReport"}:
            return []
        try:
            document = await self._context.resource(name)
        except (Forbidden, ServerRefused) as error:
            text = _HIDDEN if isinstance(error, Forbidden) else _GONE
            return [(number, File(number, "", "", problem=text.format("")))]
        return _attachments(number, document)

    async def _file(self, number: str, attachment: Any, most: int, *, last: bool) -> File:
        if isinstance(attachment, File):
            return attachment
        name, claimed = word(attachment, "title", 200), word(attachment, "contentType", 200)
        called = f" ({name})" if name else ""
        content = decoded(attachment.get("data"))
        if content is not None:
            return File(number, name, claimed, content)
        size, url = attachment.get("size"), attachment.get("url")
        if not isinstance(url, str) or not url:
            return File(number, name, claimed, problem=_GONE.format(called))
        if not self._portal.resolve(url):
            return File(number, name, claimed, problem=_ELSEWHERE.format(called))
        if isinstance(size, int) and size > most:
            problem = too_large(name, most)
            return File(number, name, claimed, problem=problem, passing=True)
        try:
            file = await self._portal.download(url, claimed.partition(";")[0].strip(), most)
        except Forbidden:
            return File(number, name, claimed, problem=_HIDDEN.format(called))
        except SentElsewhere:
            # A redirect often bears a signed way to a store of files, for whoever has logged in.
            return File(number, name, claimed, problem=_ELSEWHERE.format(called))
        except ServerRefused:
            return File(number, name, claimed, problem=_GONE.format(called))
        except ConnectionLost:
            self._failures[url] = self._failures.get(url, 0) + 1
            if not last and self._failures[url] < TRIES:
                raise
            return File(number, name, claimed, problem=_LATER.format(called), passing=True)
        if file.too_large:
            return File(number, name, claimed, problem=too_large(name, most), passing=True)
        return _unpacked(number, name, claimed, file.media_type, file.content)


def _attachments(number: str, document: Record) -> list[Any]:
    """The files of a document: a DocumentReference, a Media, a report with a printed form."""
    kind = word(document, "resourceType")
    if kind == "Binary":
        return [(number, {"contentType": document.get("contentType"), **document})]
    held = (
        [part(one, "attachment") for one in parts(document, "content")]
        if kind == "DocumentReference"
        else parts(document, "presentedForm" if kind == "DiagnosticReport" else "content")
    )
    title = word(document, "description", 200)
    found = [one if word(one, "title") or not title else {**one, "title": title} for one in held]
    if len(found) == 1:
        return [(number, found[0])]
    return [(f"{number}.{place}", one) for place, one in enumerate(found)]


def _unpacked(number: str, name: str, claimed: str, told: str, content: bytes) -> File:
    """A file as it came, or out of the Binary that it came in."""
    if told in _JSON and claimed.partition(";")[0].strip() not in _JSON:
        record = parse_object(content)
        inner = decoded(record.get("data"))
        if record.get("resourceType") == "Binary" and inner is not None:
            return File(number, name, claimed or word(record, "contentType", 200), inner)
    return File(number, name, claimed or told, content)
