"""Whom a message greets: “Hi Rosa”, and a name that stands by itself at the beginning."""

from __future__ import annotations

import re
from typing import Final

from inbox.rules.patterns import GREETING
from inbox.rules.wording import wording

_BARE: Final = re.compile(
    r"\s{0,20}(?P<title>)(?P<name>[^\W\d_][a-z\u00df-\u00ff]{1,20}(?:['-][^\W\d_][a-z]{1,20})?)"
    r"(?:[ \t]{0,3},|[ \t]{0,3}\r?\n(?=\s{0,20}\S))"
)
"""“Rosa, water only” and “Rosa”, alone on the first line."""
_WORDS: Final = """
    yes no nope yeah yep thanks thank thankyou sorry sure great hello hi hey hiya dear greetings
    welcome please also well okay ok unfortunately fortunately sadly luckily happily hopefully
    today tomorrow tonight yesterday now then later soon monday tuesday wednesday thursday friday
    saturday sunday january february march april may june july august september october november
    december mon tue tues wed thu thur thurs fri sat sun jan feb mar apr jun jul aug sep sept oct
    nov dec morning afternoon evening night noon first firstly second secondly third thirdly
    finally lastly last next reminder reminders update updates note notice good however actually
    regarding re fyi attention important urgent instructions directions details summary agenda
    perfect wonderful excellent awesome fine right correct wrong alright absolutely certainly
    definitely indeed exactly understood noted agreed done confirmed confirmation received
    apologies congratulations again still so and but or if when once since because though although
    while before after until unless otherwise therefore meanwhile moreover furthermore additionally
    instead besides anyway maybe perhaps possibly probably usually normally generally typically
    basically honestly frankly clearly obviously apparently currently recently previously
    originally initially eventually afterwards afterward beforehand ideally similarly likewise
    specifically importantly remember questions question answer address hours parking location
    appointment appointments visit time date where what why how who yours here there this that
    these those it we you he she they i our your all both everyone everybody folks team friends
    one two three four five six seven eight nine ten eleven twelve half
    parents family families patient patients sir madam mom mum dad mother father neighbor
    neighbors doctor nurse water food breakfast fasting medication medications tablets insurance
    billing payment prescription prescriptions refills referral forms records results test tests
    blood labs lab vaccines pharmacy portal
    gracias bueno bien claro hola saludos estimado estimada lunes martes jueves viernes domingo
    hoy ayer recuerde recordatorio lamentablemente perd\u00f3n disculpe vale perfecto tambi\u00e9n
    entonces primero despu\u00e9s adem\u00e1s pues
"""
_OPENINGS: Final = frozenset(_WORDS.split())
"""What a message begins with that is no name; who is called May or April is greeted with “Hi”."""


def greeted(text: str) -> re.Match[str] | None:
    """The greeting at the beginning of a text, with the groups `title` and `name`, or None.

    A capitalised word and a comma, or one alone on the first line, greets somebody too; ordinary
    openings (“Yes,”, “Tomorrow,”) do not.
    """
    found = GREETING.match(wording(text).folded)
    if found is not None:
        start = found.start("name")
        # “Hello, see you on Friday” greets nobody by name.
        ordinary = "," in text[found.start() : start] and text[start].islower()
        return None if ordinary else found
    bare = _BARE.match(text)
    if bare is None or not bare["name"][0].isupper() or bare["name"].casefold() in _OPENINGS:
        return None
    return bare
