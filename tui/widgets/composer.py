"""The composer: the words, and under them which line they leave from and who sees the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static, TextArea
from textual.widgets.text_area import Selection

from inbox.address import ChannelKind
from inbox.filling import Filled
from inbox.finding import Finding, Severity, asks_whom
from inbox.outgoing import Category, Draft
from inbox.plain import plain_text
from inbox.reply_path import ProofState
from inbox.segment import characters_words, measure, with_plain_characters
from inbox.view import Preview
from tui.commands import Place, bindings_at
from tui.widgets.cells import one_line, wrap
from tui.widgets.message_lines import size_words
from tui.widgets.notice_words import notice_words

if TYPE_CHECKING:
    from inbox.notice import Notice
    from inbox.suggesting import Suggestion

_SIGNS = {
    Severity.BLOCK: ("✗ cannot leave", "bold $error"),
    Severity.HOLD: ("! needs a reason", "bold $warning"),
    Severity.WARN: ("! look", "$warning"),
    Severity.INFO: ("· note", "$quiet"),
}

_FEW_LINES, _MOST_LINES = 4, 8
"""Lines of findings on a low screen and on others: the text must never be pushed out of sight."""


class DraftText(TextArea):
    """The text of a draft; what is pasted is made safe first."""

    class Slash(Message):
        """`/` was typed at the beginning of an empty line."""

    async def _on_key(self, event: events.Key) -> None:
        # TextArea's own handler runs after this one and inserts the letter.
        row, _ = self.cursor_location
        if event.character == "/" and not self.document.get_line(row).strip():
            self.post_message(self.Slash())

    async def _on_paste(self, event: events.Paste) -> None:
        # TextArea's own handler runs after this one and inserts `event.text`.
        event.text = plain_text(event.text)


class Composer(Vertical):
    """Shows one draft and what the gate says of it."""

    # The text field has keys of its own for some F-keys; these come first.
    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings_at(Place.COMPOSER, priority=True),
        # Outside of the fields letters are commands: Tab must not lead there.
        Binding("tab,shift+tab", "other_field", show=False),
    ]

    class Edited(Message):
        """The words of the draft changed."""

        def __init__(self, draft: Draft) -> None:
            self.draft = draft
            super().__init__()

    def __init__(self, keys: dict[str, str], *, id_: str | None = None) -> None:
        """Name keys as `keys` says: command id -> key in words."""
        super().__init__(id=id_)
        self._keys = keys
        self._draft: Draft | None = None
        self._preview: Preview | None = None
        self._loading = False

    def compose(self) -> ComposeResult:
        """Head, subject, text, the two lines, findings."""
        yield Static("", id="composer-to", markup=False)
        yield Static("", id="composer-channel", markup=False)
        yield Input(placeholder="Subject", id="composer-subject", compact=True)
        yield DraftText(
            id="composer-text",
            soft_wrap=True,
            tab_behavior="focus",
            compact=True,
            highlight_cursor_line=False,
        )
        yield Static("", id="composer-size", markup=False)
        yield Static("", id="composer-files", markup=False)
        yield Static("", id="composer-advice", markup=False)
        yield Static("", id="composer-notice", markup=False)
        yield Static("", id="composer-when", markup=False)
        yield Static("", id="composer-from", markup=False)
        yield Static("", id="composer-answer", markup=False)
        yield Static("", id="composer-findings", markup=False)

    # ------------------------------------------------------------ data

    @property
    def draft(self) -> Draft | None:
        """The draft as it stands in the fields."""
        if self._draft is None:
            return None
        return replace(
            self._draft,
            text=self.query_one("#composer-text", DraftText).text,
            subject=self.query_one("#composer-subject", Input).value,
        )

    def load(
        self, draft: Draft, channels: tuple[ChannelKind, ...], about: str, *, subject: bool
    ) -> None:
        """Put a draft into the fields.

        Args:
            draft: What to edit.
            channels: Ways it could go; the draft's own among them.
            about: Name of the patient it is about; empty while nobody is chosen.
            subject: Whether messages of the channel carry one.
        """
        self._draft = draft
        self._loading = True
        text = self.query_one("#composer-text", DraftText)
        if text.text != draft.text:
            text.load_text(draft.text)
            text.move_cursor(text.document.end)
        field = self.query_one("#composer-subject", Input)
        field.value = draft.subject
        field.display = subject
        self._loading = False
        who = ", ".join(one_line(address.words, 120) for address in draft.to)
        title = "New message to" if draft.conversation_id is None else "Reply to"
        self.query_one("#composer-to", Static).update(
            Content.assemble((f"{title} ", "$quiet"), (who, "bold"))
        )
        self._show_channels(draft, channels, about)
        self._show_files(draft)
        self.show_advice(None, None, noticed=False)

    def insert_template(self, filled: Filled, category: Category) -> None:
        """Put a filled template where the cursor is; a `/` alone on its line makes way.

        The subject is taken where there is none yet. The first gap is selected: what is typed next
        fills it.
        """
        if self._draft is None:
            return
        self._draft = replace(self._draft, category=category)
        field = self.query_one("#composer-text", DraftText)
        row, column = field.cursor_location
        alone = field.document.get_line(row).strip() == "/"
        field.replace(filled.text, (row, 0 if alone else column), (row, column))
        title = self.query_one("#composer-subject", Input)
        if filled.subject and not title.value.strip():
            title.value = filled.subject
        if filled.gaps:
            gap = f"{{{filled.gaps[0]}}}"
            for number in range(row, field.document.line_count):
                at = field.document.get_line(number).find(gap)
                if at >= 0:
                    field.selection = Selection((number, at), (number, at + len(gap)))
                    break
        self._edited()

    def promise(self, draft: Draft) -> None:
        """Keep what a person said about the promises of the draft."""
        if self._draft is not None:
            self._draft = replace(
                self._draft, promises=draft.promises, not_promised=draft.not_promised
            )

    def notice(self, *, chosen: bool) -> None:
        """Keep whether a notice is to go with it."""
        if self._draft is not None:
            self._draft = replace(self._draft, notice=chosen)

    def empty(self) -> None:
        """Hold no draft any more."""
        self._draft = None

    def show_preview(self, preview: Preview) -> None:
        """Show the two lines and the findings."""
        self._preview = preview
        if self._draft is not None:
            self._draft = replace(self._draft, line_id=preview.draft.line_id)
        plan = preview.plan
        proven = plan is not None and plan.proof.state is ProofState.PROVEN
        style = "" if proven else "bold $warning"
        if plan is None or plan.proof.state is ProofState.FAILED:
            style = "bold $error"
        sign = "✓ " if proven else "! "
        width = max(20, self.size.width - 2)
        for name, mark, words in (
            ("#composer-from", sign, preview.from_words),
            ("#composer-answer", "↩ ", preview.answer_words),
        ):
            hung = ("\n  ").join(wrap(one_line(words, 600), width - 2))
            self.query_one(name, Static).update(Content.assemble((mark + hung, style)))
        self._show_when(preview.leaves_words)
        self._show_size(preview.draft)
        findings = self.query_one("#composer-findings", Static)
        findings.update(self._findings(preview.verdict.findings))
        findings.display = bool(preview.verdict.findings)

    def show_advice(
        self, suggestion: Suggestion | None, notice: Notice | None, *, noticed: bool
    ) -> None:
        """Show a better channel, and the notice that goes with a portal message or could."""
        advice = self.query_one("#composer-advice", Static)
        advice.display = suggestion is not None
        if suggestion is not None:
            # One line at 80 columns: the key, and where it leads.
            key = f"  {self._keys['take-suggestion']} {suggestion.channel.words}"
            said = one_line(suggestion.why, 200)
            advice.update(Content.assemble(("→ ", "$accent"), said, (key, "bold $accent")))
        beside = self.query_one("#composer-notice", Static)
        beside.display = notice is not None
        if notice is not None:
            words, style, key = notice_words(notice, noticed=noticed)
            shown = f"  {self._keys['notice']} {key}" if key else ""
            beside.update(Content.assemble((words, style), (shown, "bold $accent")))

    def on_resize(self) -> None:
        """The lines under the text are broken for a width."""
        if self._preview is not None and self._draft is not None:
            self.show_preview(self._preview)

    def focus_text(self) -> None:
        """Put the cursor where the next word goes."""
        self.query_one("#composer-text", DraftText).focus()

    def focus_first(self) -> None:
        """Put the cursor where writing begins: the subject of a new message, else the text."""
        subject = self.query_one("#composer-subject", Input)
        new = self._draft is not None and self._draft.conversation_id is None
        if new and subject.display and not subject.value.strip():
            subject.focus()
        else:
            self.focus_text()

    def action_other_field(self) -> None:
        """Go from the subject to the text and back."""
        subject = self.query_one("#composer-subject", Input)
        if subject.display and not subject.has_focus:
            subject.focus()
        else:
            self.focus_text()

    # ------------------------------------------------------------ inside

    def _show_channels(self, draft: Draft, channels: tuple[ChannelKind, ...], about: str) -> None:
        spans: list[tuple[str, str]] = [("Reply by ", "$quiet")]
        if draft.conversation_id is None:
            spans = [("Send by ", "$quiet")]
        for kind in channels:
            chosen = kind is draft.channel
            spans.append((f"{'●' if chosen else '○'} {kind.words}  ", "bold" if chosen else ""))
        if len(channels) > 1:
            spans.append((f"{self._keys['choose-channel']}  ", "$accent"))
        if about:
            spans += [("about ", "$quiet"), (f"{one_line(about, 60)} ", "bold")]
        else:
            spans.append(("about ? nobody chosen ", "bold $warning"))
        spans.append((self._keys["choose-patient"], "$accent"))
        if draft.confidential:
            alone = f"✱ for {one_line(about, 30) or 'the patient'} alone "
            key = (f"{self._keys['confidential']}  ", "$accent")
            # First, since the end of the line is cut where there is little room.
            spans = [(alone, "bold $warning"), key, *spans]
        self.query_one("#composer-channel", Static).update(Content.assemble(*spans))

    def _show_files(self, draft: Draft) -> None:
        files = self.query_one("#composer-files", Static)
        files.display = bool(draft.attachments)
        names = ", ".join(
            f"{one_line(file.name, 60)} ({size_words(file.size)})" for file in draft.attachments
        )
        files.update(Content.assemble(("◫ ", "$accent"), names))

    def _show_size(self, draft: Draft) -> None:
        """Of a text: in how many parts it is sent, and which character makes them short."""
        size = self.query_one("#composer-size", Static)
        size.display = draft.channel is ChannelKind.SMS
        if not size.display:
            return
        text = self.query_one("#composer-text", DraftText).text
        measured = measure(text)
        size_said = f"◌ {characters_words(text)} · {measured.words}"
        spans: list[tuple[str, str]] = [(size_said, "")]
        if measured.offending:
            spans = [(spans[0][0], "$warning")]
            if measure(with_plain_characters(text)).gsm:
                spans.append((f"  {self._keys['plain-characters']} writes plain ones", "$accent"))
        size.update(Content.assemble(*spans))

    def _show_when(self, words: str) -> None:
        when = self.query_one("#composer-when", Static)
        when.display = bool(words)
        said = words[:1].upper() + words[1:]
        key = self._keys["choose-time"]
        when.update(Content.assemble((f"→ {said}  ", "bold"), (f"{key} changes it", "$accent")))

    def _findings(self, findings: tuple[Finding, ...]) -> Content:
        """The findings that have room, the most severe first, and how many more there are."""
        room = _FEW_LINES if self.screen.has_class("-low") else _MOST_LINES
        width = max(20, self.size.width - 2)
        shown: list[Content] = []
        used, offered = 0, False
        for number, finding in enumerate(findings):
            one = self._finding(finding, offered=offered)
            lines = len(wrap(one.plain, width))
            left = len(findings) - number
            # Unless it is the last one, a line must be left to say that there are more.
            if shown and used + lines + (left > 1) > room:
                more = f"{left} more  {self._keys['other-fix']} shows them"
                shown.append(Content.styled(more, "bold $accent"))
                break
            shown.append(one)
            used += lines
            offered = offered or finding.fix is not None or asks_whom(finding)
        return Content("\n").join(shown)

    def _finding(self, finding: Finding, *, offered: bool) -> Content:
        sign, style = _SIGNS[finding.severity]
        spans: list[str | tuple[str, str]] = [(f"{sign} ", style), one_line(finding.reason, 400)]
        if finding.fix is not None:
            key = self._keys["other-fix" if offered else "fix"]
            spans += ["  ", (f"{key} {one_line(finding.fix.label, 80)}", "bold $accent")]
            if finding.others and not offered:
                spans += ["  ", (self._other_ways(finding), "$accent")]
        elif asks_whom(finding):
            key = self._keys["choose-patient" if offered else "fix"]
            spans.append((f"  {key} Choose the patient", "bold $accent"))
        elif finding.rule == "TW22" and self._draft is not None and self._draft.confidential:
            key = self._keys["confidential"]
            spans.append((f"  {key} takes that back", "bold $accent"))
        elif finding.severity is Severity.HOLD:
            spans.append((f"  {self._keys['send']} asks for a reason", "$quiet"))
        spans.append((f"  {finding.rule}", "$quiet"))
        return Content.assemble(*spans)

    def _other_ways(self, finding: Finding) -> str:
        """The key of the other ways out, with the way itself when it is the only one."""
        alone = len(finding.others) == 1
        words = one_line(finding.others[0].label, 80) if alone else "other ways"
        return f"{self._keys['other-fix']} {words}"

    def _edited(self) -> None:
        draft = self.draft
        if draft is None or self._loading:
            return
        if not draft.text.strip():
            # What a template said it is for went with its words.
            self._draft = draft = replace(draft, category=Category.GENERAL)
        self.post_message(self.Edited(draft))

    def on_text_area_changed(self, event: TextArea.Changed) -> None:
        """The text changed."""
        event.stop()
        self._edited()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The subject changed."""
        event.stop()
        self._edited()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the subject goes on to the text."""
        event.stop()
        self.focus_text()
