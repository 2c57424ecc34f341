"""The app: paints first, then opens the data folder, then the connections."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen

from inbox.clock import Clock, utc_now
from inbox.errors import TwowayError
from tui import themes
from tui.commands import Place, bindings_at, palette_commands, shown_key, unknown_ids
from tui.screens.main.screen import MainScreen
from tui.screens.telling import guarded, tell, unexpected
from tui.screens.unsaved import Unsaved

if TYPE_CHECKING:
    from inbox.practice import Practice, StaffMember
    from tui.office import Office, OpenOffice


class TwowayApp(App[None]):
    """The inbox of a practice, for one staff member."""

    CSS_PATH = "twoway.tcss"
    TITLE = "Twoway"
    """All that the terminal's title ever says."""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_at(Place.EVERYWHERE, "app")]
    COMMAND_PALETTE_BINDING = "ctrl+p"
    NOTIFICATION_TIMEOUT = 4

    def __init__(
        self,
        open_office: OpenOffice,
        practice: Practice,
        staff: StaffMember,
        banner: str = "",
        notices: Iterable[str] = (),
        *,
        try_first: tuple[str, ...] = (),
        keymap: Mapping[str, str] | None = None,
        theme: str = themes.DARK.name,
        clock: Clock = utc_now,
    ) -> None:
        """Show the inbox.

        Args:
            open_office: Opens the data folder; called after the first paint.
            practice: Whose inbox it is.
            staff: Who sits here.
            banner: A line at the top that stays, for the demo.
            notices: Sentences to tell once at the start.
            try_first: Lines of a card that says what to try, for the demo.
            keymap: Keys that differ from the table's: command id -> keys.
            theme: Name of the theme to begin with.
            clock: The present moment.
        """
        # Without colour means without any colour code, greys included (no-color.org).
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        self.practice = practice
        self.staff = staff
        self._open_office = open_office
        self._office: Office | None = None
        self._notices = tuple(notices)
        self.keys_changed: Mapping[str, str] = dict(keymap or {})
        self._clock = clock
        for one in themes.THEMES:
            self.register_theme(one)
        self.theme = theme if theme in self.available_themes else themes.DARK.name
        self._main = MainScreen(practice, clock, self.keys_changed, banner, try_first)

    def get_default_screen(self) -> Screen[None]:
        """The inbox is the first screen."""
        return self._main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own names for colours."""
        return themes.DEFAULTS

    def on_mount(self) -> None:
        """Paint, then open the office."""
        if self.keys_changed:
            self.set_keymap(dict(self.keys_changed))
        self._main.call_after_refresh(self._open_soon)

    def _open_soon(self) -> None:
        self.run_worker(self._begin(), group="office")

    async def _begin(self) -> None:
        try:
            office = self._office = await self._open_office()
        except TwowayError as error:
            await self._give_up(error.sentence, error.hint)
            return
        except Exception as error:  # noqa: BLE001 - a person is told whatever it was
            await self._give_up(*unexpected(error))
            return
        await guarded(self, self._main.begin(office))
        for sentence in (*self._notices, *self._key_notices()):
            tell(self, sentence)
        # The first list is on the screen before the first connection is made.
        self._main.call_after_refresh(self._start_soon)

    async def _give_up(self, sentence: str, hint: str) -> None:
        from tui.screens.trouble import TroubleScreen

        await self.push_screen(TroubleScreen(sentence, hint))

    def _start_soon(self) -> None:
        office = self._office
        if office is not None:
            self.run_worker(guarded(self, office.start()), group="office")

    def _key_notices(self) -> list[str]:
        wrong = unknown_ids(self.keys_changed)
        return [f"No command is called {', '.join(wrong)}: `twoway keys` lists them."] * bool(wrong)

    async def on_unmount(self) -> None:
        """Let go of everything."""
        if self._office is not None:
            await guarded(self, self._office.close())

    # ------------------------------------------------------------ commands

    def action_command(self, command_id: str) -> None:
        """Carry out one of the commands that are legal everywhere."""
        if command_id == "help":
            from tui.screens.help import HelpScreen

            self.push_screen(HelpScreen(self.keys_changed))
        elif command_id == "palette":
            self.action_command_palette()
        elif command_id == "hide":
            from tui.screens.privacy import PrivacyScreen

            self.push_screen(PrivacyScreen())
        elif command_id == "theme":
            self.theme = themes.other(self.theme)
        elif command_id == "open-alert":
            self.run_worker(guarded(self, self._open_alert()), group="command")
        elif command_id == "quit":
            self.run_worker(guarded(self, self._leave()), group="office")

    def on_alert_bar_pressed(self) -> None:
        """A click on the alert is as good as its key."""
        self.action_command("open-alert")

    async def _open_alert(self) -> None:
        """Close what lies over the inbox, then open who called on a promise."""
        work = self._main.work
        if work is None:
            return
        for screen in reversed(self.screen_stack):
            if screen is self._main:
                break
            await screen.dismiss(None)
        if await work.emergencies.open_next():
            return
        if not await work.keeping.open_next():
            tell(self, "Nobody has called on a promise.")

    async def _leave(self) -> None:
        for screen in reversed(self.screen_stack):
            if isinstance(screen, Unsaved) and not await screen.may_leave():
                return
        work = self._main.work
        if work is not None:
            await guarded(self, work.writing.keep())
        self.exit()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The commands of the table that are legal here, for the palette."""
        places = [Place.EVERYWHERE]
        if screen is self._main:
            places += [Place.MAIN, Place.LIST, Place.CONVERSATION]
            work = self._main.work
            if work is not None and work.writing.draft is not None:
                places.append(Place.COMPOSER)
        for one in palette_commands(places):
            target = self if Place.EVERYWHERE in one.places else self._main
            key = shown_key(one, self.keys_changed)

            def run(target: TwowayApp | MainScreen = target, command_id: str = one.id) -> None:
                target.action_command(command_id)

            yield SystemCommand(one.title, f"{one.help} ({key})" if key else one.help, run)
