"""IN02, IN03, IN07: who no longer wants to be written to, and who wants to again."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from inbox.address import ChannelKind
from inbox.signals.heard import Heard, found_near, shown_words, unsigned, whole_words
from inbox.signals.rule import inbound_rule

STOP_WORDS: Final = frozenset(
    ("stop", "quit", "end", "revoke", "opt out", "optout", "cancel", "unsubscribe", "stop all",
     "stopall")
)  # fmt: skip
"""The words of 47 CFR 64.1200(a)(10), and what carriers take for the same."""
START_WORDS: Final = frozenset(("start", "unstop"))
YES_WITHIN: Final = timedelta(days=1)
"""A bare “yes” later than this after an opt-out answers something else."""

SUBJECT_WORDS: Final = STOP_WORDS - {"cancel", "end", "quit", "revoke"}
"""Of these, a subject alone says it, whatever the text below it says."""

_KINDS: Final = (
    r"(?:(?:text|e-?mail|phone|appointment|automated|sms)\s)?"
    r"(?:texts?|texting|messages?|msgs?|e-?mails?|reminders?|notifications?|alerts?|surveys?|ads|"
    r"junk|spam|calls)\b"
)
_SUCH: Final = (
    r"(?:(?:me|us|the|these|those|this|any|all|your|my|more|so\smany|so\smuch|out|of|with|such)\s)"
)
_OVER: Final = (
    r"(?=\s*(?:$|[.,;:!\n)])|\s(?:please|pls|now|already|again|any\s?more|ever|thanks?|thank|"
    r"immediately|and(?!\sdriv)|or|from\snow)\b)"
)
"""Nothing else comes, or nothing that changes it."""
_LATER: Final = (
    r"(?!\s(?:\w+\s)?(?:before|after|until|between|during|while|if|unless|"
    r"at\s(?:work|night|home|school|lunch|\d)|the\sresult|with\sthe\sresult|about|through|on\s"
    r"(?:the|my|weekends?)))"
)
_POLITE: Final = re.compile(
    r"""(?:please\s|pls\s|just\s|ok\s|no\s|i\ssaid\s|wrong\s(?:person|number)\s)*
        (?:stopp?|quit|unsubscribe|remove|opt\sout|alto|par(?:ar?|e)|baja|arr[eê]te?z?|no\smore|
        no\sm[aá]s|(?:take|remove|opt)\s(?:me|us)(?:\s(?:off|out))?|i\swant\sout)
        (?:\s(?:please|pls|now|it|all|this|me|stop|texts?|messages?|thanks?|thank\syou|
        mensajes|textos|por\sfavor))*""",
    re.VERBOSE,
)
_ONE_NUMBER: Final = (
    r"(?:me|us|this\s(?:number|phone|address)|my\s(?:(?:cell|phone|e-?mail|mobile)\s)?"
    r"(?:number|e-?mail|address|name|phone|cell|mobile))"
)
_LOOSE: Final = re.compile(
    rf"""\b(?:
      (?:stop|quit|cease|discontinue)\s(?:
        (?:text|e-?mail|messag|contact|spamm|bother)(?:e|ing)?(?:\s(?:to\s)?{_ONE_NUMBER})?\b{_LATER}
          (?!\s(?:him|her|them|my|the|it|you)\b)
        | (?:call|writ)(?:e|ing)?(?:\s(?:to\s)?{_ONE_NUMBER}\b{_LATER}
          | \s(?:so\smuch|so\soften|all\sthe\stime)\b | {_OVER})
        | send(?:ing)?\s(?:{_SUCH}{{0,4}}{_KINDS}
          | (?:me|us)\b(?!\s(?:to|for|away|the|my|a|an)\b) | (?:these|those|this|any\s?more)\b)
          {_LATER}
        | send(?:ing)?{_OVER}
        | (?:getting|receiving)\s{_SUCH}{{0,4}}{_KINDS}
        | {_SUCH}{{0,4}}{_KINDS}{_LATER})
    | (?:do\snot|don'?t|never)\s(?:ever\s)?(?:text|e-?mail|message|contact|call|write)
        (?:\s(?:to\s)?{_ONE_NUMBER}\b(?:\s(?:any\s?more|again|ever))?{_LATER} | {_OVER}{_LATER})
    | (?:do\snot|don'?t|never)\s(?:ever\s)?send\s(?:{_SUCH}{{0,4}}{_KINDS}
        | (?:me|us)\s(?:any|these|more|those|your)\b)
    | (?:take|remove|delete|drop|get)\s{_ONE_NUMBER}\b(?:{_OVER}
        | \s(?:off|out\sof|out|from)(?:\s(?:of\s)?
          (?:(?:your|this|the|all|these|any|that|my)\s){{0,2}}(?:(?!wait)[\w-]+\s){{0,2}}(?:lists?|texts?|texting|e-?mails?|messages?|mailings?|
          reminders?|systems?|databases?|contacts?|phones?|files?|records?)\b
          | \s(?:this|it|here|these)\b | {_OVER}))
    | unsubscribe\b
    | opt(?:ing|ed)?\s{_ONE_NUMBER}\b
    | opt(?:ing)?\sout(?:\s(?:of|from)\s{_SUCH}{{0,3}}(?:{_KINDS}|this\b|these\b|it\b|list)|{_OVER})
    | (?:want|like|wish)\sto\sbe\s(?:removed|taken\soff)\b
    | no\s(?:more|further|m[aá]s)\s(?:{_KINDS}|mensajes|textos|correos)
    | (?:do\snot|don'?t|no\slonger)\s(?:want|need|wish|care)\s(?:to\s(?:get|receive|have)\s|
        to\sbe\ssent\s)?(?:any\s|more\s|your\s|these\s|those\s|the\s|further\s)*{_KINDS}
    | (?:do\snot|don'?t|no\slonger)\s(?:want|wish)\s(?:to\sbe|being)\s(?:texted|e-?mailed|called|
        contacted|messaged|on\s(?:this|your|the)\s(?:\w+\s)?list)\b
    | cancel\s(?:(?:my|the|these|those|all|your)\s)*(?:(?:text|e-?mail)\s)?(?:texts|messages|
        e-?mails|notifications|alerts|subscription)\b
    | leave\sme\salone\b | lose\smy\snumber\b
    | no\slonger\sinterested\b(?=[,.;\s]+(?:please\s)?stop\b)
    | (?:no|dejen?\sde)\s(?:me\s)?(?:mand(?:en?|ar)|env[ií](?:en?|ar)|escrib(?:an?|ir))(?:me)?\b
    )""",
    re.VERBOSE,
)
_ROOTS: Final = (
    "stop", "quit", "cease", "discontinue", "do not", "don't", "dont", "never", "take me",
    "take us", "take my", "take this", "remov", "delet", "drop", "get me", "get us",
    "get my", "get this",
    "unsubscribe", "opt ", "opting", "opted", "no more", "no further", "no m", "no longer",
    "be removed", "be taken", "cancel", "leave me", "lose my", "mand", "env", "escrib",
)  # fmt: skip
_NOT_US: Final = re.compile(
    r"""(?:\b(?:i|we|he|she|they)(?:'ll|'d|'m|'re)?(?:\s(?:will|can|should|would|could|may|might|
        must|had|have|did|just|finally|never|not|really|usually|to|going\sto))?
    | \b(?:do\snot|don'?t|won'?t|can'?t|cannot|didn'?t|doesn'?t|did\snot|not|never)
        (?:\sever|\sto|\swant\syou\sto)?
    | \b(?:can|should|could|may|will|when|do|shall|if|why)\s(?:i|we|he|she|they)
    | \b(?:did|do|if|why|when)\s(?:i|we|he|she|they|you)(?:\s(?:guys|all|ever))?
    | (?:^|[.!?,\n]\s?|\b(?:when|if|why|because|but|and|since)\s)you(?:\s(?:guys|all|just))?)\s$""",
    re.VERBOSE,
)
"""Directly before “stop” or “do not”: it is said of somebody, or asked, or the contrary meant."""
_ORDER: Final = re.compile(
    r"(?:(?:stop|quit|cease|discontinue)\s(?!getting|receiving)|(?:do\snot|don'?t|never)\s"
    r"(?!want|need|wish|care))"
)
_NEGATED: Final = re.compile(
    r"(?:\b(?:not|never|cannot)(?:\sever)?|n't|\bdont|\bdid\s(?:i|we|you|they)) $"
)
_FIRST: Final = re.compile(
    r"(?:please )?(?:stop|stopp|quit|unsubscribe|opt out|optout|stop all|stopall)(?: please)?"
)
_ON_GOES: Final = re.compile(
    r"(?:by|in|over|at|the|to|for|my|taking|using|giving|smoking|working|and|or|it|before|after)\b"
)
_BEGINNING: Final = 200
_SHORT: Final = 80
_BREAK: Final = re.compile(r"[.!?\n]+\s*")
_DASH: Final = re.compile(r"\s[-\u2013\u2014]+\s")
_CHANNELS: Final = (
    (ChannelKind.SMS, re.compile(r"\btext|\bsms\b", re.IGNORECASE)),
    (ChannelKind.EMAIL, re.compile(r"\be-?mail", re.IGNORECASE)),
    (ChannelKind.PHONE, re.compile(r"\bcall", re.IGNORECASE)),
)


@inbound_rule("IN02", "Opted out")
def opted_out(heard: Heard) -> str:
    """The whole message is STOP, QUIT, END, REVOKE, OPT OUT, CANCEL or UNSUBSCRIBE.

    47 CFR 64.1200(a)(10) names these words, and carriers act on them. A signature below it, and a
    name that is known, do not count. By text it takes effect at once, for the number and so for
    everybody who shares it: TW19 blocks every text to it from then on. An old text, of before the
    first start, opts out as well, unless a later START took it back. By e-mail, where the subject
    may say it as well, it is proposed to a person.
    """
    if heard.channel not in {ChannelKind.SMS, ChannelKind.EMAIL}:
        return ""
    said = _whole(heard)
    if said in STOP_WORDS:
        return said.upper()
    subject = whole_words(heard.subject)
    return subject.upper() if subject in SUBJECT_WORDS else ""


@inbound_rule("IN03", "Asks us to stop")
def asks_to_stop(heard: Heard) -> str:
    """Says in words of their own that they no longer want to be written to.

    “Please stop texting”, “don't email me anymore”, “take me off your list”, “Stop. Who is this?”:
    what a reasonable person understands counts (47 CFR 64.1200(a)(10)), in the subject too. A
    person decides, by one key; until then nothing that a list makes goes to that address (TW43).
    """
    if opted_out(heard):
        return ""
    whole = _whole(heard)
    if whole and _POLITE.fullmatch(_BREAK.sub(" ", whole.replace(",", " ")).replace("  ", " ")):
        return whole[:80]
    for text in heard.parts:
        for found in found_near(_LOOSE, _ROOTS, text):
            before = found.string[max(0, found.start() - 40) : found.start()]
            not_meant = _NOT_US if _ORDER.match(found.group()) else _NEGATED
            if not not_meant.search(before):
                return shown_words(found, text)
    return _by_itself(heard.text)


def _whole(heard: Heard) -> str:
    """The message as one phrase, without what stands below it; a word said twice counts once."""
    said = whole_words(unsigned(heard.text, heard.names))
    words = re.findall(r"\w+", said)
    return words[0] if len(set(words)) == 1 else said


def _by_itself(text: str) -> str:
    """The first line or sentence, or the last of a short message, where it asks to stop all."""
    text = _DASH.sub(". ", text[:_BEGINNING].strip())
    ends = list(_BREAK.finditer(text))
    if not ends:
        return ""
    first = whole_words(text[: ends[0].start()])
    goes_on = "\n" in ends[0].group() and _ON_GOES.match(text[ends[0].end() :].casefold())
    if _FIRST.fullmatch(first) and not goes_on and "?" not in ends[0].group():
        return first
    if len(text) > _SHORT or text.endswith("?"):
        return ""
    last = next((whole_words(one) for one in reversed(_BREAK.split(text)) if one), "")
    return last if _FIRST.fullmatch(last) else ""


@inbound_rule("IN07", "Wants messages again")
def opts_in(heard: Heard) -> str:
    """START, UNSTOP, or YES within a day, from somebody who has opted out.

    START and UNSTOP take back an opt-out they made by text themselves, as carriers do; where the
    privacy form said no, a person decides. YES is proposed only, and only within a day of the
    opt-out. From anybody else these are ordinary words: “yes” confirms a visit.
    """
    if heard.channel is not ChannelKind.SMS or heard.opted_out_ago is None:
        return ""
    said = whole_words(heard.text)
    wanted = said in START_WORDS or (said == "yes" and heard.opted_out_ago <= YES_WITHIN)
    return said.upper() if wanted else ""


def says_start(text: str) -> bool:
    """Whether it is START or UNSTOP and nothing else."""
    return whole_words(text) in START_WORDS


def may_opt_in(text: str) -> bool:
    """Whether it is worth looking up if this writer has opted out."""
    said = whole_words(text)
    return said in START_WORDS or said == "yes"


def unwanted_channel(words: str, arrived: ChannelKind) -> ChannelKind:
    """Which channel somebody speaks of who asks us to stop: the one they name, else the one used.

    Args:
        words: What they said (the signal's words).
        arrived: The channel they said it on.
    """
    named = [kind for kind, pattern in _CHANNELS if pattern.search(words)]
    return named[0] if len(named) == 1 else arrived
