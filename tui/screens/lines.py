"""Every line: is it connected, is all of its mail here, do answers to it arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from inbox.address import ChannelKind
from inbox.pairing import PAIRED
from inbox.reply_path import ProofState
from inbox.view import LineView
from inbox.words import ago_words, line_words, missing_words, uncopied_words
from tui.commands import Place, bindings_at
from tui.office import Office
from tui.screens.telling import guarded, tell
from tui.widgets.cells import one_line
from tui.widgets.key_bar import KeyBar
from tui.widgets.status_bar import StatusBar, TroubleBar, trouble_words
from tui.widgets.status_bar import line_words as connection_words

if TYPE_CHECKING:
    from inbox.portal_reply import ReplyWord

_ADVICE = {
    ProofState.UNVERIFIED: "p sends a test message through it and waits for it to come home.",
    ProofState.PROVING: "Wait a moment: the test message is on its way.",
    ProofState.STALE: "p proves it again.",
    ProofState.FAILED: "Answers to it would be lost. Look at the address and the provider, then p.",
    ProofState.PROVEN: "",
}
_WITH_TEST = {
    ProofState.UNVERIFIED: "p writes to the test patient; their answer proves it.",
    ProofState.PROVING: "Log in as the test patient and answer the test message.",
    ProofState.STALE: "p writes to the test patient again.",
    ProofState.FAILED: "Answers to it would be lost. Ask the portal's vendor, then p.",
}
_WITHOUT_TEST = "It is proven when a patient writes there. Nothing is sent from it before."
_PATIENTS = {True: "Patients can answer:", False: "Patients can NOT answer:", None: "Unknown:"}
_ASK_VENDOR = "Ask the portal's vendor; the answer goes into the configuration as replies."
_SET_UP = "Answers to it would be lost. `twoway doctor` says what to set right; then p."
"""The same for a number, whose set-up is its provider's."""


class LinesScreen(Screen[None]):
    """A card a line."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.LINES)]

    def __init__(self, office: Office) -> None:
        """Show the lines of `office`."""
        super().__init__()
        self._office = office
        self._views: list[LineView] = []
        self._portals: dict[str, ReplyWord] = {}
        """Whether patients can answer in a portal what begins a new thread, by line id."""

    def compose(self) -> ComposeResult:
        """Bars around the cards."""
        desk = self._office.desk
        yield StatusBar(desk.practice, desk.clock)
        yield TroubleBar()
        yield Static("Lines", classes="head", markup=False)
        yield OptionList(id="cards", markup=False)
        yield KeyBar({}, Place.LINES)

    def on_mount(self) -> None:
        """Look, and look again each second."""
        self.query_one("#cards", OptionList).focus()
        self._look()
        self.set_interval(1, self._look)

    def _look(self) -> None:
        self.run_worker(guarded(self.app, self._show()), exclusive=True, group="look")

    async def _show(self) -> None:
        self._views = await self._office.desk.lines()
        self._portals = await self._ask_portals()
        self.query_one(StatusBar).lines = tuple(self._views)
        self.query_one(TroubleBar).words = trouble_words(self._views)
        cards = self.query_one("#cards", OptionList)
        at = cards.highlighted or 0
        words = [self._card(view) for view in self._views]
        if cards.option_count != len(words):
            cards.clear_options()
            cards.add_options(Option(card) for card in words)
            cards.highlighted = at if words else None
        else:
            for index, card in enumerate(words):
                cards.replace_option_prompt_at_index(index, card)

    async def _ask_portals(self) -> dict[str, ReplyWord]:
        portals = [one.line for one in self._views if one.line.channel is ChannelKind.PORTAL]
        if not portals:
            return {}
        from inbox.portal_reply import judge_reply

        desk = self._office.desk
        evidence, now = await desk.repository.lines.evidence(), desk.clock()
        return {
            line.id: judge_reply(None, desk.capabilities(line.id), evidence, line.id, now)
            for line in portals
        }

    def _tests(self, view: LineView) -> bool:
        """Whether a test message can be sent through a line."""
        return self._office.desk.capabilities(view.line.id).proves_itself

    def _advice(self, view: LineView) -> str:
        """What to do about a line's proof."""
        line, state = view.line, view.proof.state
        if view.by_hand:
            return ""
        if line.channel is ChannelKind.PORTAL and state is not ProofState.PROVEN:
            # A portal cannot write to itself: somebody has to answer there.
            return _WITH_TEST[state] if self._tests(view) else _WITHOUT_TEST
        if state is ProofState.FAILED and line.channel in PAIRED:
            return _SET_UP
        return _ADVICE[state]

    def _card(self, view: LineView) -> Content:
        now = self._office.desk.clock()
        words, fine = connection_words(view, now)
        line, health = view.line, view.health
        spans: list[tuple[str, str]] = [
            (f"{line.id}  ", "bold $primary"),
            (f"{line.channel.words}  {one_line(line_words(line), 120)}  ", ""),
            (words, "$success" if fine else "bold $error"),
            (f"\n  Answers: {one_line(view.proof_words)}", ""),
        ]
        advice = self._advice(view)
        if advice:
            spans.append((f"\n  {advice}", "$accent"))
        said = self._portals.get(line.id)
        if said is not None:
            spans.append((f"\n  {_PATIENTS[said.can_reply]} {said.words}", ""))
        if said is not None and said.can_reply is None:
            spans.append((f"\n  {_ASK_VENDOR}", "$accent"))
        if health is not None:
            if health.sentence:
                hint = f" {one_line(health.hint)}" if health.hint else ""
                spans.append((f"\n  {one_line(health.sentence)}{hint}", "$warning"))
            if health.missing:
                spans.append((f"\n  {missing_words(health)} f fetches them.", "bold $error"))
            if health.last_poll_at is not None and not view.by_hand:
                ago = ago_words(health.last_poll_at, now)
                checked = ""
                if health.checked_at is not None:
                    checked = f" · every item compared {ago_words(health.checked_at, now)}"
                spans.append((f"\n  Read {ago}{checked}", "$quiet"))
            if any(folder.older for folder in health.folders):
                spans.append(("\n  Older mail stays on the server; b reads it too.", "$quiet"))
            for folder in health.folders:
                older = f" + older {folder.older:,}" if folder.older else ""
                # What FHIR calls a message is no folder.
                portal = line.channel is ChannelKind.PORTAL
                where = "messages" if portal else one_line(folder.folder)
                told = (
                    f"\n  {where}: server {folder.server:,} = stored"
                    f" {folder.stored:,} + unreadable {folder.quarantined:,}{older}"
                )
                missing = f", missing {folder.missing:,}" if folder.missing else ""
                spans += [(told, "$quiet"), (missing, "bold $error")]
        copies = uncopied_words(view.uncopied)
        if copies:
            spans.append((f"\n  {one_line(copies)}", "$warning"))
        spans.append(("\n", ""))
        return Content.assemble(*spans)

    def action_command(self, command_id: str) -> None:
        """Carry out a command of this screen."""
        cards = self.query_one("#cards", OptionList)
        if command_id == "back":
            self.dismiss(None)
        elif command_id == "prove":
            self.run_worker(guarded(self.app, self._prove(cards.highlighted)))
        elif command_id == "fetch-missing":
            self.run_worker(guarded(self.app, self._fetch_missing(cards.highlighted)))
        elif command_id == "read-back":
            self.run_worker(guarded(self.app, self._read_back(cards.highlighted)))
        elif command_id == "stop-reading":
            self.run_worker(guarded(self.app, self._stop_reading(cards.highlighted)))
        elif command_id in {"move-down", "page-down"}:
            cards.action_cursor_down()
        elif command_id in {"move-up", "page-up"}:
            cards.action_cursor_up()
        elif command_id == "go-top":
            cards.action_first()
        elif command_id == "go-bottom":
            cards.action_last()

    async def _prove(self, at: int | None) -> None:
        if at is None or at >= len(self._views):
            return
        if self._views[at].by_hand:
            tell(self.app, "Calls on it are made by hand: there is nothing to test.")
            return
        line = self._views[at].line
        if line.channel is ChannelKind.PORTAL and not self._tests(self._views[at]):
            tell(self.app, "A portal without a test patient cannot be tested.", _WITHOUT_TEST)
            return
        home = "it must come home to this line."
        if line.channel is ChannelKind.PORTAL:
            home = "the test patient's answer is the proof."
        tell(self.app, f"A test message is on its way; {home}")
        await self._office.prove(self._views[at].line.id)
        await self._show()

    async def _fetch_missing(self, at: int | None) -> None:
        if at is None or at >= len(self._views):
            return
        line_id = self._views[at].line.id
        tell(self.app, f"Every message of {line_id} is compared; what is missing is fetched.")
        await self._office.fetch_missing(line_id)
        await self._show()

    async def _read_back(self, at: int | None) -> None:
        from tui.reading_day import read_day
        from tui.screens.ask import AskLine

        if at is None or at >= len(self._views):
            return
        line_id = self._views[at].line.id
        explain = ("A day like 2025-01-31, or: beginning. x stops it; what was read stays.",)
        said = await self.app.push_screen_wait(AskLine(f"Read {line_id} back to when?", explain))
        if said is not None:
            day = read_day(said)
            await self._office.read_back(line_id, day)
            tell(self.app, f"{line_id} is read back to {said.strip()}.")
            await self._show()

    async def _stop_reading(self, at: int | None) -> None:
        if at is None or at >= len(self._views):
            return
        line_id = self._views[at].line.id
        await self._office.read_back(line_id, None)
        tell(self.app, f"{line_id} is read no further back; what was read stays.")
        await self._show()

    def on_key_bar_pressed(self, event: KeyBar.Pressed) -> None:
        """A key of the footer was clicked."""
        if event.command_id == "help":
            self.app.run_worker(self.app.run_action("command('help')"))
        else:
            self.action_command(event.command_id)
