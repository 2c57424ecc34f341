"""HTML mail as readable text: nothing is fetched, nothing is run, every link can be read.

Links become `text <url>`, quotations get `> `, rows of data stand on one line, and what the sender
hid from the eye stays hidden.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import unquote

from adapters.markup.attribution import ends_with_attribution
from adapters.markup.paragraph import Paragraphs

if TYPE_CHECKING:
    from selectolax.lexbor import LexborNode

MAX_MARKUP = 500_000
"""Characters of markup that are laid out; the rest is reduced to its words and links."""
MAX_WORDS = 3_000_000
"""Characters of further markup that are reduced to words; the raw message keeps the rest."""
CUT = "[This message is very long. The rest of it is in the raw message.]"
"""Stands where a text was cut."""
MAX_DEPTH = 2_000
"""Elements inside elements; markup that nests deeper is reduced to its words and links."""
_PIECE = 100_000
"""Characters that are searched for tags in one go."""

_DROPPED = {
    "script", "style", "head", "title", "meta", "link", "template", "svg", "math", "object",
    "embed", "iframe", "audio", "video", "canvas", "map", "select", "datalist", "input",
    "-comment", "!doctype", "colgroup", "col", "base", "xml", "-undef",
}  # fmt: skip
_APART = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "pre", "blockquote",
          "hr", "fieldset", "figure", "article", "section"}  # fmt: skip
_BLOCKS = _APART | {
    "address", "aside", "body", "caption", "center", "dd", "details", "dir", "div", "dt",
    "figcaption", "footer", "form", "header", "legend", "li", "main", "menu", "nav", "summary",
    "tbody", "td", "tfoot", "th", "thead", "tr", "option",
}  # fmt: skip
_NOT_IN_A_ROW = "table,ul,ol,h1,h2,h3,h4,h5,h6,blockquote,pre,hr,br,p+p,div+div"
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|mso-hide\s*:\s*all|font-size\s*:\s*0(?![.\d]*[1-9])"
    r"|max-height\s*:\s*0(?![.\d]*[1-9])|opacity\s*:\s*0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_MEDIA_RULE = re.compile(r"@[^{}]{0,300}\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
_HIDDEN_CLASS = re.compile(r"\.([\w-]+)\s*\{[^{}]*display\s*:\s*none", re.IGNORECASE)
_HREF = re.compile(r"""href\s*=\s*["'](https?://[^"'\s<>]{1,2000})""", re.IGNORECASE)
_LINE_TAG = re.compile(r"<(?:br|p|div|tr|li|h[1-6])\b[^<>]*>", re.IGNORECASE)
_ANY_TAG = re.compile(r"<[^<>]*>")
_EMPTY_LINES = re.compile(r"[ \t\r\f\v]*\n\s*")
_NESTING_TAG = re.compile(r"<(/?)([a-zA-Z][^\s<>/]{0,40})")
_NOT_NESTING = {
    "area", "base", "body", "br", "col", "dd", "dt", "embed", "head", "hr", "html", "img", "input",
    "li", "link", "meta", "option", "p", "param", "script", "source", "style", "tbody", "td",
    "tfoot", "th", "thead", "tr", "track", "wbr",
}  # fmt: skip
_PREHEADER = re.compile(r"pre-?header|preview", re.IGNORECASE)
_UNUSABLE = re.compile(
    r"\s*(?:javascript|vbscript|data|cid|mid|about|blob|file)\s*:", re.IGNORECASE
)
_QUOTING_CLASS = re.compile(
    r"gmail_quote|yahoo_quoted|moz-cite|protonmail_quote|cite", re.IGNORECASE
)
_BORDER_LEFT = re.compile(
    r"border-left(?:-width|-style)?\s*:\s*(?!none|0|medium none)", re.IGNORECASE
)
_PLACE_HOLDERS = re.compile(r"[\u00ad\u034f\u200b-\u200f\u2060\ufeff]")


def readable(markup: str) -> str:
    """The text of an HTML document, as a person would read it.

    Args:
        markup: The decoded document; broken markup is read as browsers do.

    Returns:
        Lines of text; not yet made safe against control characters.
    """
    from selectolax.lexbor import LexborHTMLParser  # a compiled parser, not needed for plain mail

    markup = markup[: MAX_MARKUP + MAX_WORDS + 1].replace("\x00", "")
    laid_out, rest = _divide(markup)
    if _too_deep(laid_out):
        return _bare(markup)
    tree = LexborHTMLParser(laid_out)
    out = Paragraphs()
    if tree.body is not None:
        _Walk(out, _hidden_classes(laid_out)).run(tree.body)
    text = out.result()
    return f"{text}\n{_bare(rest)}" if rest else text


def _divide(markup: str) -> tuple[str, str]:
    if len(markup) <= MAX_MARKUP:
        return markup, ""
    cut = markup.rfind("<", MAX_MARKUP // 2, MAX_MARKUP)
    cut = cut if cut > 0 else MAX_MARKUP
    return markup[:cut], markup[cut:]


def _bare(markup: str) -> str:
    """The words of markup that is too much to lay out, and after them its links."""
    cut = len(markup) > MAX_WORDS
    markup = markup[:MAX_WORDS]
    links = dict.fromkeys(_HREF.findall(markup))
    for name in ("script", "style"):
        markup = "".join(_outside(markup, name))
    text = unescape("".join(_without_tags(markup)))
    words = _EMPTY_LINES.sub("\n", text).strip()
    return "\n".join([words, *(f"<{link}>" for link in links), *([CUT] if cut else ())])


def _without_tags(markup: str) -> Iterator[str]:
    """Markup without its tags, piece by piece.

    One substitution over millions of characters would keep every other thread from running, the
    screen's too. A piece ends before a `<`, so no tag is divided.
    """
    at = 0
    while at < len(markup):
        end = markup.find("<", at + _PIECE)
        end = len(markup) if end < 0 else end
        yield _ANY_TAG.sub("", _LINE_TAG.sub("\n", markup[at:end]))
        at = end


def _outside(markup: str, name: str) -> Iterator[str]:
    """The stretches of markup outside every element of that name."""
    at = 0
    for begin, end, _ in _elements(markup, name):
        yield markup[at:begin]
        at = end
    yield markup[at:]


def _elements(markup: str, name: str) -> Iterator[tuple[int, int, str]]:
    """Where each element of that name begins and ends, and what it holds; it cannot nest."""
    closing = re.compile(f"</{name}[^<>]{{0,100}}>", re.IGNORECASE)
    at = 0
    for found in re.finditer(f"<{name}\\b", markup, re.IGNORECASE):
        if found.start() < at:
            continue
        inner = markup.find(">", found.end()) + 1
        end = closing.search(markup, inner) if inner else None
        if end is None:
            # Never closed: to the end of the document, as browsers do.
            yield found.start(), len(markup), markup[found.end() :]
            return
        yield found.start(), end.end(), markup[inner : end.start()]
        at = end.end()


def _too_deep(markup: str) -> bool:
    """Whether elements nest so deep that the parser's time would grow with the square."""
    depth = 0
    for found in _NESTING_TAG.finditer(markup):
        if found.group(2).lower() in _NOT_NESTING:
            continue
        depth = max(depth - 1, 0) if found.group(1) else depth + 1
        if depth > MAX_DEPTH:
            return True
    return False


def _hidden_classes(markup: str) -> frozenset[str]:
    """Classes that the document's own style sheets hide on every screen."""
    found: set[str] = set()
    sheets = "\n".join(sheet for _, _, sheet in _elements(markup[:300_000], "style"))[:100_000]
    if "none" in sheets:
        found.update(_HIDDEN_CLASS.findall(_MEDIA_RULE.sub(" ", sheets)))
    return frozenset(found)


class _Walk:
    """One pass over the document, without recursion: markup may nest as deep as it likes."""

    def __init__(self, out: Paragraphs, hidden: frozenset[str]) -> None:
        self.out = out
        self.hidden = hidden
        self.lists: list[int | None] = []
        self.links: list[tuple[str, tuple[int, int]]] = []
        self.rows: list[bool] = []

    def run(self, body: LexborNode) -> None:
        """Walk over everything below the body."""
        open_nodes: list[tuple[LexborNode, dict[str, str | None], bool]] = []
        node = body.child
        while node is not None:
            state = self._enter(node)
            child = node.child if state is not None else None
            if state is not None and child is not None:
                open_nodes.append((node, *state))
                node = child
                continue
            if state is not None:
                self._leave(node.tag or "", *state)
            following = node.next
            while following is None and open_nodes:
                node, attributes, quoting = open_nodes.pop()
                self._leave(node.tag or "", attributes, quoting)
                following = node.next
            node = following

    def _enter(self, node: LexborNode) -> tuple[dict[str, str | None], bool] | None:
        """Begin an element; None when nothing in it is to be shown."""
        tag = node.tag or ""
        if tag == "-text":
            self.out.text(node.text_content or "")
            return None
        if tag in _DROPPED:
            return None
        attributes = node.attributes
        if self._is_hidden(attributes):
            return None
        quoting = False
        if tag in _BLOCKS:
            quoting = self._enter_block(node, tag, attributes)
        elif tag == "br":
            self.out.line_end()
        elif tag == "img":
            self.out.text(_PLACE_HOLDERS.sub("", attributes.get("alt") or ""))
        elif tag == "a":
            self.links.append(((attributes.get("href") or ""), self.out.mark()))
        elif tag == "textarea":
            self.out.kept += 1
        return attributes, quoting

    def _enter_block(self, node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
        out = self.out
        if tag in {"td", "th"}:
            if self.rows and self.rows[-1]:
                if not out.at_line_start:
                    out.text(" | ")
                out.inline += 1
            else:
                out.block()
            return False
        quoting = tag == "blockquote" and self._quotes(attributes)
        out.block(apart=tag in _APART and not (tag in {"ul", "ol"} and bool(self.lists)))
        if tag == "blockquote":
            out.push("> " if quoting else "    ")
        elif tag in {"ul", "ol"}:
            start = attributes.get("start") or "1"
            number = int(start) if re.fullmatch(r"\d{1,6}", start) else 1
            self.lists.append(number if tag == "ol" else None)
        elif tag == "li":
            self._enter_item()
        elif tag == "dd":
            out.push("    ")
        elif tag == "pre":
            out.kept += 1
        elif tag == "tr":
            self.rows.append(_is_data(node))
        elif tag == "hr":
            out.text("_" * 32)
            out.block(apart=True)
        return quoting

    def _enter_item(self) -> None:
        number = self.lists[-1] if self.lists else None
        marker = "- " if number is None else f"{number}. "
        if number is not None:
            self.lists[-1] = number + 1
        self.out.push(" " * len(marker), marker)

    def _leave(self, tag: str, attributes: dict[str, str | None], quoting: bool) -> None:
        out = self.out
        if tag == "a" and self.links:
            self._leave_link(*self.links.pop())
            return
        if tag == "textarea":
            out.kept -= 1
            return
        if tag not in _BLOCKS:
            return
        if tag in {"td", "th"} and self.rows and self.rows[-1]:
            out.inline -= 1
            return
        if tag == "tr" and self.rows:
            self.rows.pop()
        out.block(apart=tag in _APART and not (tag in {"ul", "ol"} and len(self.lists) > 1))
        if tag in {"blockquote", "li", "dd"}:
            out.pop()
        elif tag in {"ul", "ol"}:
            self.lists.pop()
        elif tag == "pre":
            out.kept -= 1

    def _leave_link(self, target: str, place: tuple[int, int]) -> None:
        target = link_target(target)
        if not target:
            return
        words = self.out.since(place)
        if _same(words, target):
            # `www.example.com` for http://www.example.com/: the words say it all, but for the way.
            if words != target and "://" in target:
                self.out.text(f" <{target}>")
            return
        self.out.text(f" <{target}>" if words else f"<{target}>")

    def _is_hidden(self, attributes: dict[str, str | None]) -> bool:
        if not attributes:
            return False
        if "hidden" in attributes:
            return True
        classes = attributes.get("class") or ""
        if _PREHEADER.search(classes):
            # A summary for the list of messages: hidden on the page, and meant to be read.
            return False
        style = attributes.get("style")
        if style and _HIDDEN.search(style):
            return True
        return bool(self.hidden and classes and not self.hidden.isdisjoint(classes.split()))

    def _quotes(self, attributes: dict[str, str | None]) -> bool:
        """Whether a block quotation is somebody else's text; mail programs also indent with it."""
        if (attributes.get("type") or "").lower() == "cite" or attributes.get("cite"):
            return True
        if _QUOTING_CLASS.search(attributes.get("class") or ""):
            return True
        if _BORDER_LEFT.search(attributes.get("style") or ""):
            return True
        return ends_with_attribution(self.out.last_lines)


def _is_data(row: LexborNode) -> bool:
    """Whether a table row holds data, to stand on one line; else the table only makes a layout."""
    cells = sum(1 for cell in row.iter() if cell.tag in {"td", "th"})
    if cells < 2 or row.css_first(_NOT_IN_A_ROW) is not None:
        return False
    return len(row.text(deep=True, strip=True)) <= 80 * cells


def link_target(href: str) -> str:
    """What to show for a link: an address that can be opened, written to or called, else empty."""
    href = "".join(href.split())
    if not href or href.startswith("#") or _UNUSABLE.match(href):
        return ""
    lower = href.lower()
    if lower.startswith("mailto:"):
        return unquote(href[7:].split("?", 1)[0])
    if lower.startswith(("tel:", "sms:")):
        return href[4:].split("?", 1)[0]
    return href.replace("<", "%3C").replace(">", "%3E")


def _same(words: str, target: str) -> bool:
    """Whether the words of a link already say where it leads."""
    if re.fullmatch(r"\+?[\d\s().-]{5,}", target):
        return re.sub(r"\D", "", words)[-7:] == re.sub(r"\D", "", target)[-7:]
    trimmed = re.sub(r"^(?:https?://|mailto:)", "", target, flags=re.IGNORECASE).rstrip("/")
    said = re.sub(r"^(?:https?://|mailto:)", "", words.strip("<> "), flags=re.IGNORECASE).rstrip(
        "/"
    )
    return said.lower() == trimmed.lower()
