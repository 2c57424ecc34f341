"""IN06, IN08, IN09: how urgent an ordinary message is."""

from __future__ import annotations

import re
from typing import Final

from inbox.age import is_overdue
from inbox.signals.heard import Heard, plain_words
from inbox.signals.rule import inbound_rule

_THANKS: Final = re.compile(
    r"""
    (?: (?: ok(?:ay|ey)? | k+ | o\.k\.
      | (?:many\s+)?thanks?(?:\s+you)?(?:\s+(?:so|very)\s+much|\s+a\s+(?:lot|bunch|million)|
        \s+again)?
        (?:\s+for\s+(?:letting\s+me\s+know|your\s+(?:help|time)|everything|the\s+(?:info|reminder|
        update)))?
      | thx | ty(?:sm|vm)? | tks | tnx
      | got\s+it | great | perfect | (?:that\s+)?sounds\s+(?:good|great) | will\s+do | cool
    | awesome
      | wonderful | excellent | noted | understood | alright | all\s+(?:right|good|set)
      | (?:i\s+)?(?:really\s+)?appreciate\s+(?:it|that|you) | much\s+appreciated
      | see\s+(?:you|ya|u)(?:\s+(?:then|there|soon|tomorrow))?
      | have\s+a\s+(?:good|great|nice)\s+(?:day|one|evening|weekend|night) | you\s+too | bye
      | (?:muchas\s+)?gracias | vale | de\s+acuerdo | (?:no\s+)?(?:problem|worries)
      | best(?:\s+regards)? | (?:kind\s+)?regards | cheers
      | @name
      ) [\s.,!:;()~-]*
    )+
    """,
    re.IGNORECASE | re.VERBOSE,
)
_EMOJI: Final = re.compile(
    "[\U0001f44d\U0001f44c\U0001f64f\U0001f600-\U0001f60f\U0001f642\U0001f917\U0001f970\U0001f496"
    "\U0001f495\U0001f49c\U0001f499\U0001f389\U0001f4af\u2764\u2705\u2714\u263a\ufe0f\u200d"
    "\U0001f3fb-\U0001f3ff]"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_LONGEST: Final = 160


@inbound_rule("IN06", "Overdue")
def overdue(heard: Heard) -> str:
    """They have waited longer than the practice wants to let anybody wait.

    `answer_within` under `[practice]` says how long, in staffed time: nights, weekends, lunch and
    holidays do not count. The list then says “overdue”. A promise that runs out earlier is said as
    a promise.
    """
    return "overdue" if is_overdue(heard.waited, heard.answer_within) else ""


@inbound_rule("IN08", "Something is attached")
def media(heard: Heard) -> str:
    """A picture or a file came with it.

    However short its words are, a person looks at it: it never counts as thanks only, and nothing
    that carries a file is ever closed by itself.
    """
    return "attachment" if heard.files else ""


@inbound_rule("IN09", "Thanks only")
def thanks(heard: Heard) -> str:
    """“Ok thanks”, “got it”, a thumb up: nothing in it asks for anything.

    It keeps its place in the list and still needs a person; it is only marked “thanks”, so that
    the eye can pass over it. “Yes” is an answer, not thanks, and so is whatever carries a file.
    """
    if heard.files or len(heard.text) > _LONGEST or "?" in heard.text + heard.subject:
        return ""
    text = plain_words(heard.text).strip()
    bare, thumbs = _EMOJI.subn(" ", text)
    if not bare.strip(" .!"):
        return "thanks" if thumbs else ""
    named = _WORD.sub(lambda one: "@name" if one[0].casefold() in heard.names else one[0], bare)
    found = _THANKS.fullmatch(named.strip())
    return "thanks" if found and named.replace("@name", "").strip(" .,!-\n") else ""
