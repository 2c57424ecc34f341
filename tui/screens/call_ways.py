"""The four ways to answer a message that is left: choosing them for a log."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from textual.screen import Screen

from inbox.address import ChannelKind
from inbox.call_plan import CallPlan
from inbox.call_script import spoken_time
from inbox.desk import Desk
from inbox.number import number_words
from inbox.outgoing import Call, CallOutcome, Draft, WayBack
from inbox.promise import DraftPromise, PromiseKind
from tui.screens.ask import AskLine, AskYes
from tui.screens.choose import Choice, Choose
from tui.screens.moment import read_moment
from tui.screens.telling import tell
from tui.typed_time import EXAMPLES

WAYS = {
    "way-direct-line": WayBack.DIRECT_LINE,
    "way-here-until": WayBack.HERE_UNTIL,
    "way-service": WayBack.SERVICE,
    "way-information": WayBack.INFORMATION,
}
"""The commands that choose a way."""
_TIMES = f"Like: {EXAMPLES}"


class CallWays:
    """Asks for what each way needs."""

    def __init__(self, desk: Desk, screen: Screen[Any]) -> None:
        """Ask on `screen`."""
        self._desk = desk
        self._screen = screen

    def tells(self, log: Draft) -> bool:
        """Whether a heads-up in writing goes with the log."""
        service = self._desk.practice.answering_service
        return (
            log.call is not None
            and log.call.outcome is CallOutcome.LEFT_MESSAGE
            and WayBack.SERVICE in log.call.ways
            and not log.call.heads_up_sent
            and service is not None
        )

    async def toggle(self, plan: CallPlan, log: Draft, command_id: str) -> Draft | None:
        """Choose a way, or take it off; None when it was given up or cannot be used."""
        way, call = WAYS[command_id], log.call or Call()
        if way in call.ways:
            return self._without(log, way)
        offer = plan.offer(way)
        if offer.refused:
            tell(self._screen.app, f"Not this way: {offer.refused}.", trouble=True)
            return None
        chosen: Draft | None = replace(log, call=replace(call, ways=call.ways | {way}))
        if way is WayBack.HERE_UNTIL:
            chosen = await self._until(plan, chosen or log)
        elif way is WayBack.SERVICE:
            chosen = await self._service(plan, chosen or log)
        if chosen is None:
            return None
        return self._desk.calling.completed(plan, chosen)

    def _without(self, log: Draft, way: WayBack) -> Draft:
        call = log.call or Call()
        call = replace(call, ways=call.ways - {way})
        if way is WayBack.HERE_UNTIL:
            return replace(log, call=replace(call, watched=""), promises=())
        if way is WayBack.SERVICE:
            call = replace(call, heads_up="", heads_up_sent=False)
        return replace(log, call=call)

    async def _until(self, plan: CallPlan, log: Draft) -> Draft | None:
        """Until when the caller is there, and which line is watched afterwards."""
        desk, now = self._desk, self._desk.clock()
        likely = plan.until.astimezone(desk.practice.timezone)
        said = spoken_time(plan.until, desk.practice)
        typed = await self._screen.app.push_screen_wait(
            AskLine(
                "Here until when?",
                [f"{_TIMES}.", "It is a promise: when they write before that, you hear of it."],
                value=f"{likely:%H:%M}",
            )
        )
        if typed is None:
            return None
        due = read_moment(typed, now, desk)
        if due is None:
            tell(self._screen.app, "That is no time ahead.", _TIMES, trouble=True)
            return None
        watched = plan.watchable[0]
        if len(plan.watchable) > 1:
            choices = [Choice(one, one.address, one.id) for one in plan.watchable]
            chosen = await self._screen.app.push_screen_wait(
                Choose("Where do they write after that? It is watched.", choices)
            )
            if chosen is None:
                return None
            watched = chosen.value
        # What the script said of the time is what was said.
        said_then = spoken_time(due, desk.practice)
        return replace(
            log,
            text=log.text.replace(f"until {said}.", f"until {said_then}."),
            call=replace(log.call or Call(), watched=watched.id),
            promises=(DraftPromise(PromiseKind.HERE, "", due),),
        )

    async def _service(self, plan: CallPlan, log: Draft) -> Draft | None:
        """The heads-up: a message of its own, or, where there is no way to write, a call."""
        service = self._desk.practice.answering_service
        call = log.call or Call()
        if service is None or service.heads_up_channel is not ChannelKind.PHONE:
            return replace(log, call=replace(call, heads_up=call.heads_up or plan.heads_up))
        number = number_words(service.heads_up_to)
        told = AskYes(f"Have you called the service at {number} and told them?", plan.heads_up)
        if not await self._screen.app.push_screen_wait(told):
            return None
        return replace(log, call=replace(call, heads_up_sent=True))
