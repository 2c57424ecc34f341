"""Fetching what came with a text: with the account's credentials, bounded in number and size."""

from __future__ import annotations

from adapters.phone.connection import Record, Twilio
from adapters.phone.item import Media
from adapters.phone.patience import Patience
from adapters.phone.trouble import kept_back, reading_trouble
from inbox.errors import AuthenticationFailed, ConnectionLost, ServerRefused

MOST_FILES = 10
"""Files of one text that are fetched; Twilio takes no more."""
MOST_BYTES = 10_000_000
"""Bytes of one file that are fetched; Twilio itself takes 5 MB."""


class MediaReader:
    """Fetches the files of texts.

    A file that cannot be had holds its text back for a few tries, so that a passing failure loses
    nothing; after that the text is stored without it, and the file can be asked for again.
    """

    def __init__(self, twilio: Twilio) -> None:
        """Fetch from the account of `twilio`."""
        self._twilio = twilio
        self._patience = Patience()

    async def of(self, message: Record, *, last: bool = False) -> tuple[tuple[Media, ...], bool]:
        """The files of a text, and whether nothing more can be had by asking again.

        Args:
            message: The API's object.
            last: Take what can be had now; a person asked for it.

        Raises:
            ConnectionLost: try again later.
        """
        if str(message.get("num_media") or "0") == "0":
            return (), True
        sid = str(message.get("sid"))
        try:
            files = await self._read(sid)
        except (ConnectionLost, AuthenticationFailed) as error:
            if not self._patience.is_over(sid) and not last:
                raise kept_back("text", error) from error
            problem = "What came with the text could not be fetched; ask for the whole of it."
            files, complete = (Media("", "", problem=problem),), False
        else:
            complete = True
        self._patience.forget(sid)
        return files, complete

    async def _read(self, sid: str) -> tuple[Media, ...]:
        url = f"{self._twilio.root}/Messages/{sid}/Media"
        try:
            listed = await self._twilio.page(f"{url}.json", "media_list", {"PageSize": "50"})
        except ServerRefused:
            return (Media("", "", problem="What came with the text is no longer at Twilio."),)
        found = [await self._file(url, record) for record in listed.records[:MOST_FILES]]
        if len(listed.records) > MOST_FILES or listed.next:
            found.append(Media("", "", problem=f"Only the first {MOST_FILES} files were fetched."))
        return tuple(found)

    async def _file(self, url: str, record: Record) -> Media:
        name, declared = str(record.get("sid") or ""), str(record.get("content_type") or "")
        if not name.isalnum():
            return Media("", declared, problem="A file that came with the text has no name.")
        try:
            file = await self._twilio.download(f"{url}/{name}", MOST_BYTES)
        except ServerRefused as error:
            return Media(name, declared, problem=error.sentence)
        if file.too_large:
            megabytes = MOST_BYTES // 1_000_000
            problem = f"A file that came with the text is larger than {megabytes} MB."
            return Media(name, declared, problem=problem)
        if file.status in {404, 410}:
            problem = "A file that came with the text is no longer at Twilio."
            return Media(name, declared, problem=problem)
        if not 200 <= file.status < 300:
            trouble = reading_trouble(file.status, 0)
            if isinstance(trouble, AuthenticationFailed | ConnectionLost):
                raise trouble
            return Media(name, declared, problem=trouble.sentence)
        return Media(name, declared or file.content_type, file.content)
