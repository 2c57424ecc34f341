"""The line on the notice that goes with a portal message, or could."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inbox.number import number_words
from tui.widgets.cells import one_line

if TYPE_CHECKING:
    from inbox.notice import Notice


def notice_words(notice: Notice, *, noticed: bool) -> tuple[str, str, str]:
    """What is said of a notice: (words, style, what its key does; empty: nothing).

    Args:
        notice: What could go, as things stand.
        noticed: Whether it was chosen.
    """
    draft, verdict = notice.draft, notice.verdict
    if draft is None:
        return f"○ {one_line(notice.why_not, 200)}", "$quiet", ""
    how = f"by {draft.channel.words} to {one_line(number_words(draft.to[0].value), 60)}"
    if not noticed:
        return "○ No notice goes with it", "$quiet", f"sends one {how}"
    if verdict is not None and not notice.leaves:
        why = one_line(verdict.findings[0].reason, 200) if verdict.findings else ""
        return f"! No notice will leave {how}: {why}", "bold $warning", "leaves it out"
    return f"● Also {how}: “{one_line(draft.text, 400)}”", "", "leaves it out"
