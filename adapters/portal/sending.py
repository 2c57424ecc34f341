"""Handing messages to a portal: at most once, found again by their identifier, and taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import aclosing
from datetime import timedelta

from adapters.portal.compose import (
    check,
    document,
    header,
    inline,
    message,
    own_name,
    part_name,
    pointer,
    token_of,
)
from adapters.portal.connection import Portal, Said
from adapters.portal.context import ContextReader
from adapters.portal.convert import is_ours
from adapters.portal.item import write_item
from adapters.portal.listing import Habits, Listing
from adapters.portal.page import Page, Record
from adapters.portal.resource import REFERENCE, last_updated, part, parts, word
from adapters.portal.statement import Statement, read_statement
from adapters.portal.status import is_retracted
from adapters.portal.thread import is_header, thread_of
from adapters.portal.token import NoToken
from adapters.portal.trouble import AGAIN, Forbidden, lost, reading_trouble, sending_trouble
from inbox.channel import HandingOver, Receipt, Whereabouts
from inbox.clock import Clock
from inbox.errors import (
    ChannelError,
    ConnectionLost,
    NotSent,
    OutcomeUnknown,
    ServerRefused,
    TlsRefused,
    TwowayError,
)
from inbox.line import Line
from inbox.message import MessageStatus
from inbox.outgoing import Outgoing
from inbox.well_formed import media_type

MESSAGES = "Communication"
_CLOCKS_DIFFER = timedelta(days=1)
"""How much earlier than we wrote it a server may say that it has a message."""


class Sender:
    """Hands over what leaves one line.

    Args:
        line: The line.
        portal: Its server.
        context: What is known of people and threads.
        clock: The present moment.
    """

    def __init__(self, line: Line, portal: Portal, context: ContextReader, clock: Clock) -> None:
        self._line = line
        self._portal = portal
        self._context = context
        self._clock = clock
        self.statement: Statement | None = None
        """What the server says it can do; None while it was not asked."""

    async def learn(self) -> Statement:
        """Ask the server what it can do; one that does not say can do nothing special.

        Raises:
            ConnectionLost, AuthenticationFailed.
        """
        try:
            self.statement = read_statement(await self._portal.get("metadata"))
        except (ServerRefused, Forbidden):
            self.statement = Statement()
        return self.statement

    async def send(self, outgoing: Outgoing, handing_over: HandingOver) -> Receipt:
        """Hand one message over.

        Raises:
            NotSent: certain that it did not leave.
            OutcomeUnknown: the connection broke after `handing_over`.
        """
        check(outgoing, self._line, self._portal.settings)
        try:
            await self._portal.tokens.header(await self._portal.open())
            statement = self.statement or await self.learn()
            there = None
            if not statement.conditional:
                there = await self._find(own_name(outgoing), outgoing)
            above, answers, thread = await self._thread(outgoing)
            files = [] if there else await self._files(outgoing, statement)
        except NotSent:
            raise
        except TwowayError as error:
            raise NotSent(error.sentence, error.hint, temporary=_passes(error)) from error
        if there is not None:
            return await self._receipt(there, thread)
        made = message(
            outgoing,
            self._line,
            self._portal.settings,
            above=above,
            answers=answers,
            files=files,
            at=self._clock(),
        )
        await handing_over()
        said = await self._hand_over(made, own_name(outgoing))
        if said.status == 412:
            return await self._there(outgoing, thread)
        if not 200 <= said.status < 300:
            raise sending_trouble(said.status, said.record, (outgoing.to[0].value,))
        name = _name_of(said, MESSAGES)
        if not name:
            raise OutcomeUnknown("The portal's answer to the message has no name for it.", "")
        whole = said.record if word(said.record, "resourceType") == MESSAGES else made
        return await self._receipt({**whole, "id": name.partition("/")[2]}, thread)

    async def locate(self, outgoing: Outgoing) -> Whereabouts:
        """Look for a message by the name we gave it; sends nothing.

        Raises:
            ConnectionLost, AuthenticationFailed, ServerRefused.
        """
        found = await self._find(own_name(outgoing), outgoing)
        if found is None:
            return Whereabouts(found=False)
        return Whereabouts(True, await self._receipt(found, ""))

    async def retract(self, name: str) -> None:
        """Mark a message of ours as entered in error.

        Raises:
            ServerRefused: it is not ours, not there, or the server does not let us.
            ConnectionLost: nobody knows whether it is marked.
        """
        if REFERENCE.match(name) is None or not name.startswith(f"{MESSAGES}/"):
            raise ServerRefused("The portal has no such message.", "")
        from adapters.portal.client import NotConnected

        for _ in range(3):
            found = await self._portal.get(name)
            if is_retracted(found):
                return
            if not is_ours(found, {}, self._portal.base):
                raise ServerRefused("The message is not one of ours.", "Its author can retract it.")
            marked = {**found, "status": "entered-in-error"}
            version = word(part(found, "meta"), "versionId")
            try:
                said = await self._portal.update(name, marked, version)
            except NotConnected as error:
                raise lost(str(error)) from error
            if 200 <= said.status < 300:
                return
            if said.status not in {409, 412}:
                break
        else:
            raise ConnectionLost("Somebody else is changing the message in the portal.", "Wait.")
        if said.status in {404, 405, 410, 501}:
            raise ServerRefused(
                "The portal does not let a message be marked as a mistake.",
                "Write another message that sets it right.",
            )
        raise reading_trouble(said.status, said.record)

    # ---- parts -------------------------------------------------------------------------------

    async def _there(self, outgoing: Outgoing, thread: str) -> Receipt:
        """The server says that there is one already, more than one even."""
        unsure = OutcomeUnknown("The portal says that it has the message more than once.", "")
        try:
            there = await self._find(own_name(outgoing), outgoing)
        except ChannelError as error:
            raise unsure from error
        if there is None:
            raise NotSent("The portal did not take the message.", "Try again.")
        return await self._receipt(there, thread)

    async def _thread(self, outgoing: Outgoing) -> tuple[str, str, str]:
        """What it is part of, what it answers, and the name of the thread if that is known.

        Raises:
            NotSent, ChannelError: nothing has left.
        """
        answers = outgoing.in_reply_to if REFERENCE.match(outgoing.in_reply_to) else ""
        if outgoing.thread_key:
            try:
                first = await self._context.resource(outgoing.thread_key)
            except ServerRefused as error:
                raise NotSent(
                    "The thread is no longer in the portal.", "Write a new message instead."
                ) from error
            if is_header(first):
                return outgoing.thread_key, answers, outgoing.thread_key
            return "", answers or outgoing.thread_key, outgoing.thread_key
        if answers:
            return "", answers, ""
        name = await self._header(outgoing)
        return name, "", name

    async def _header(self, outgoing: Outgoing) -> str:
        """The header of a new thread; empty on a server that takes no message without words."""
        made = header(outgoing, self._line, self._portal.settings)
        try:
            return await self._create_once(made, part_name(outgoing, "thread"), outgoing)
        except NotSent as error:
            if error.temporary or error.sender_refused:
                raise
            return ""

    async def _files(self, outgoing: Outgoing, statement: Statement) -> list[Record]:
        """The payloads of its files; large ones are handed over by themselves first."""
        most, made = self._portal.settings.most_inline, []
        for number, file in enumerate(outgoing.attachments):
            if len(file.content) <= most or not statement.documents:
                made.append(await asyncio.to_thread(inline, file, self._clock()))
                continue
            kind = media_type(file.media_type) or "application/octet-stream"
            said = await _taken(self._portal.create_binary(file.content, kind))
            binary = _name_of(said, "Binary")
            held = await asyncio.to_thread(document, outgoing, file, number, binary, self._clock())
            name = await self._create_once(held, part_name(outgoing, f"file {number}"), outgoing)
            made.append(pointer(name, file))
        return made

    async def _create_once(self, made: Record, name: str, outgoing: Outgoing) -> str:
        """Create what goes before a message, unless it is there already; give its reference.

        Raises:
            NotSent: it could not be created.
        """
        kind = word(made, "resourceType")
        if not (self.statement and self.statement.conditional):
            there = await self._find(name, outgoing, kind)
            if there is not None:
                return f"{kind}/{word(there, 'id')}"
        said = await _taken(self._portal.create(kind, made, self._condition(name)))
        return _name_of(said, kind)

    def _condition(self, name: str) -> str:
        """The condition of a create; none where the server says that it knows no such thing."""
        known = self.statement.conditional if self.statement is not None else None
        return "" if known is False else token_of(name)

    async def _hand_over(self, made: Record, name: str) -> Said:
        """The point of no return.

        Raises:
            NotSent: nothing has left.
            OutcomeUnknown: no answer came; it may have been taken.
        """
        from adapters.portal.client import NotConnected

        try:
            return await self._portal.create(MESSAGES, made, self._condition(name))
        except NotConnected as error:
            raise NotSent(f"{error} does not answer.", AGAIN, temporary=True) from error
        except NoToken as error:
            raise NotSent(error.sentence, error.hint, temporary=True) from error
        except ConnectionLost as error:
            raise OutcomeUnknown(
                "The connection to the portal broke while the message was handed over.", ""
            ) from error
        except TwowayError as error:
            raise NotSent(error.sentence, error.hint, temporary=True) from error

    async def _find(self, name: str, outgoing: Outgoing, kind: str = MESSAGES) -> Record | None:
        """What bears a name of ours; None when there is none.

        Servers pass over a parameter that they do not know, so what comes is looked at; and from
        one that does, nothing is learned: all messages since this one was written are looked at.
        """
        page = await self._portal.page(kind, (("identifier", token_of(name)), ("_count", "10")))
        there = _bearing(page, name, kind)
        others = any(word(one, "resourceType") == kind for one in page.found)
        if there is not None or not others or kind != MESSAGES:
            return there
        since = outgoing.created_at - _CLOCKS_DIFFER
        habits = Habits(self._portal.settings.page_size, bare=True)
        listing = Listing(self._portal, habits, floor=since)
        async with aclosing(listing.pages()) as pages:
            async for page in pages:
                there = _bearing(page, name, kind)
                if there is not None:
                    return there
                stamps = [at for one in page.found if (at := last_updated(one)) is not None]
                if listing.ordered and stamps and min(stamps) < since:
                    break
        return None

    async def _receipt(self, taken: Record, thread: str) -> Receipt:
        name = f"{MESSAGES}/{word(taken, 'id')}"
        context = self._context.at_hand(taken)
        done = taken.get("status") == "completed"
        return Receipt(
            status=MessageStatus.DELIVERED if done else MessageStatus.SENT,
            at=self._clock(),
            provider_id=name,
            copy_raw=await asyncio.to_thread(write_item, taken, context, (), self._portal.base),
            thread_key=thread or thread_of(taken, name, self._portal.base, context)[0],
        )


async def _taken(creating: Awaitable[Said]) -> Said:
    """The answer to something that goes before a message; certain that no message has left.

    Raises:
        NotSent: it was not taken.
    """
    from adapters.portal.client import NotConnected

    try:
        said = await creating
    except (NotConnected, ConnectionLost, TlsRefused) as error:
        sentence = error.sentence if isinstance(error, ChannelError) else f"{error} is not there."
        raise NotSent(sentence, AGAIN, temporary=True) from error
    if 200 <= said.status < 300:
        return said
    trouble = sending_trouble(said.status, said.record)
    if isinstance(trouble, NotSent):
        raise trouble
    raise NotSent(trouble.sentence, AGAIN, temporary=True)


def _bearing(page: Page, name: str, kind: str) -> Record | None:
    """What on a page bears a name of ours."""
    for one in page.found:
        mine = (word(held, "value", 100).lower() == name for held in parts(one, "identifier"))
        if word(one, "resourceType") == kind and word(one, "id") and any(mine):
            return one if isinstance(one, dict) else None
    return None


def _name_of(said: Said, kind: str) -> str:
    """The reference of what was created; empty when the answer does not say."""
    if REFERENCE.match(said.name) and said.name.startswith(f"{kind}/"):
        return said.name
    told = f"{kind}/{word(said.record, 'id')}"
    return told if word(said.record, "resourceType") == kind and REFERENCE.match(told) else ""


def _passes(error: TwowayError) -> bool:
    """Whether trying again by itself may help."""
    return not isinstance(error, ServerRefused)
