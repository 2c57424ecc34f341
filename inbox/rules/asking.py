"""Whether a message asks its reader to call the practice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final

from inbox.address import AddressSystem, ChannelKind
from inbox.hours import Hours
from inbox.number import digits
from inbox.rules.patterns import INVITES_REPLY
from inbox.rules.wording import Wording, phrase, standing_before, way, wording
from inbox.situation import Situation

_OFFICE: Final = (
    r"(?:me|the|our|your|my|this|that|dr\.?|doctor)\s*+(?:[\w.'-]{1,20}+ ){0,2}?"
    r"(?:office|clinic|practice|front desk|reception|phones?|desk|nurse line|line"
    "|number(?! (?:on|of|from) (?:(?:the back of )?(?:your|the)|the back)))"
)
_NAMED: Final = (
    r"(?:(?!(?:the|a|an|your|their|this|it|us|me)\b)[\w.'&-]{1,20}+ ){1,3}?"
    "(?:office|clinic|practice|medical|pediatrics|family medicine|health center)"
)
_STAFF: Final = (
    r"(?:dr\.? [\w'-]{2,20}|(?:the|our|my) (?:nurse|doctor|scheduler|receptionist|assistant|team"
    "|staff|billing (?:office|department|desk)|office manager))"
)
_OTHERS: Final = (
    r"(?:pharmac\w+|insur\w+|hospital|lab|laboratory|ambulance|er|emergency|poison|police|bank"
    r"|medicare|medicaid|carrier|health plan|plan|employer|school|cardiologist|dentist|specialist"
    r"|dermatolog\w+|surgeon|radiology|imaging|therapist|mother|father|wife|husband|son|daughter"
    r"|sister|brother|friend|family|neighbou?r|sponsor|crisis|lifeline|hotline|uber|taxi"
    r"|manufacturer|transport\w*)"
)
_ELSEWHERE: Final = (
    r"(?: (?:911|988|999|112|9-1-1|them|him|her|it|for (?:help|an ambulance|emergency)|you|poison"
    rf"|(?:(?:the|your|their|his|her|a|an|any|that|local|another) (?:[\w'-]{{1,20}}+ ){{0,2}}?)?"
    rf"{_OTHERS})\b)"
)
_CALL: Final = ("call", "phone", "ring", "telephone", "dial")
_BEGINS: Final = "(?:back|us|me|the|our|your|my|th|d)"
"""How what follows begins, which is looked at first since it is quick."""
_WE: Final = (
    "«we|i|she|he|they|who|somebody|someone|nurse|doctor|team|pharmacy|lab»"
    "(?:'(?:ll|ve|d|re|m))?"
    "(?: (?:will|can|may|could|would|did|do|have|had|might|should|shall|must|also|just|always"
    "|then|usually|already|still|(?:tried|try|going|wanted|want|plan|needs?|ha[sd]|have) to)){0,3}"
)
_NOT_ASKED: Final = (
    f"{_WE}"
    "|(?:«will|would|shall»|'ll|'d)(?: (?:also|then|just|gladly|still|probably|try to)){0,2}"
    "|«tried|trying|about|used|promised|going» to|«had|having» to|«needs to»"
    "|(?:n't|«not|never|no|nobody|no one|no-one»)(?: (?:need|needs|ha(?:s|ve)|want|wish|reason"
    "|rush|hurry|obligation))?(?: for you)?(?: to)?"
    "|«instead of|rather than|without|before you»|«did|have|had|do» you"
    "|«took|taking» the time to"
)
_PLEASE: Final = "please|pls|plz|kindly"
_LEADS: Final = (
    r"(?:\A|[.!?:;,…)(\n•*/–—-])"
    "|«please|pls|plz|kindly|just|simply»"
    "|«free|hesitate|forget|remember|sure|like you|want you|ask you|you need|you have|welcome"
    "|able|best|easiest|better|invited|asked|you will need|you'll need|wish|encouraged» to"
    "|«you» (?:can|may|could|should|must|might)(?: (?:also|always|still|just|simply))?"
    "|«can|could|will|would» you(?: please)?"
    "|«reply|us|here|online»,? or|«do|then»"
)
_FOLLOWS: Final = (
    r"(?=\s*+(?:[.!?;,\n]|\Z)"
    r"| (?:back|to(?! (?:action|prayer|order))|when|whenever|with|if|asap|at|in(?! sick)|now|today"
    r"|tomorrow|tonight|any\s?time|before|after|during|between|once|as|first|on|monday|tuesday"
    r"|wednesday|thursday|friday|saturday|sunday|this|next|by|or|ahead|me|and ask|and speak"
    r"|and talk|and let|for(?! (?:help|an ambulance|emergency|papers|volunteers)))\b)"
)
_NO_ADDRESS: Final = (
    r"(?! (?:[\w.+-]{1,64}+@|https?:|www\.|e-?mail|[\w-]{1,40}+\.(?:com|org|net|example)\b"
    r"|(?:our|the|this) (?:e-?mail|portal|website|site|text|patient portal)))"
)

CALL_OFFICE: Final = phrase(
    *(
        way(
            verb, rf"«{verb}»(?= {_BEGINS})(?: (?:back )?us|(?!{_ELSEWHERE}) (?:back )?{_OFFICE})\b"
        )
        for verb in _CALL
    ),
    way("text", r"«call»/text (?:us|me|our|the)\b|«call»(?: or |/)text (?:us|me|our|the)\b"),
    way("contact", rf"«contact» (?:us by phone|(?:us|me) at{_NO_ADDRESS}|{_OFFICE})\b"),
    way(
        "give",
        r"«give» (?:us|me|(?:the|our|my) (?:[\w'-]{1,20}+ ){0,2}?(?:office|clinic|practice|desk"
        rf"|nurse|team|staff|doctor)|{_STAFF}) a (?:(?:quick|phone|brief|short|return) )?"
        r"(?:call|ring|buzz|callback|call-back)\b(?! (?:from|by)\b)",
    ),
    way(
        _PLEASE,
        rf"«{_PLEASE}»,? (?:do |just |also |try to |to |either )?"
        rf"(?:(?:call|phone|ring|telephone|dial)\b(?!{_ELSEWHERE})|call-?back\b|cb\b)",
    ),
    way(
        "reach",
        r"«reach» (?:us|me|(?:the|our) (?:office|clinic|practice|front desk|staff|team))"
        rf"(?: any\s?time)? (?:by phone|by calling|(?:at|on|under){_NO_ADDRESS})\b",
    ),
    way(
        "return",
        r"«return» (?:our|my|this|the|that|her|his|dr\.? [\w-]{2,20}'s) "
        r"(?:phone |missed |earlier |last )?call\b",
    ),
    way("call to", rf"«make|place|drop» (?:us )?a (?:phone )?call to (?:us|{_OFFICE})\b"),
    way("call-back|callback", r"«call-?back» (?:is )?(?:requested|needed|required)\b"),
    way(
        "by phone|by telephone",
        r"«respond|reply|answer|confirm|reschedule|schedule|cancel|book|order» "
        r"(?:\w{1,20}+ ){0,3}?by (?:tele)?phone\b",
    ),
    way("by calling", rf"«by» calling\b(?!{_ELSEWHERE})"),
    way("pick up the phone", r"«pick» up the phone (?:and|to)\b"),
    way(
        "llam|llám",
        r"«llame|lláme|llamar»(?:nos)?(?: (?:por favor|hoy|mañana|de vuelta))? (?:a (?:la|nuestra"
        r"|su|mi) (?:oficina|cl[ií]nica|consulta|recepci[oó]n|enfermera|doctora|l[ií]nea)"
        r"|a nuestr[oa]|nuestra|nos\b|al (?:consultorio|doctor|m[eé]dico|n[uú]mero|tel[eé]fono"
        r"|\+?1?[ (-]{0,2}[2-9][0-9]{2}\)?[ .-]?[0-9]{3})|para\b|si tiene|cuando pueda)",
    ),
    way("llamenos|llámenos|llamarnos", r"«llamenos|llámenos|llamarnos»\b"),
    way("favor", r"«por favor»,? ll[aá]me\b(?! (?:al 911|a (?:la farmacia|su seguro)))"),
    way(
        "llamada",
        r"«devuelva|devuélva|devolver»(?:nos|me)? (?:la|nuestra|mi|esta) llamada\b",
    ),
    way(
        "comun",
        r"«comun[ií]quese» (?:con (?:nosotros por tel[eé]fono|(?:la|nuestra) (?:oficina|cl[ií]nica)"
        r"|el consultorio)|al [(+0-9])",
    ),
    way("marque|márque", r"«marque|márque»(?:nos)? al (?!911|9-1-1)[(+0-9]"),
    unless_after=(
        f"{_NOT_ASKED}|«no|sin|que no|va a|voy a|vamos a|podemos|puedo»"
        "|«no» (?:es necesario|hace falta|hay que|tiene que|necesita|debe)(?: que)?"
    ),
)
"""Asks the reader to call the practice; not where it is we who call, or nobody has to."""

CALL: Final = phrase(
    way("call", rf"«call»{_FOLLOWS}"),
    way("call", rf"«call»(?= (?:dr|the|our|my)) {_STAFF}\b"),
    way(
        "office|clinic|practice|medical|pediatrics|family medicine|health center",
        rf"«call» {_NAMED}\b",
    ),
    *(
        way(verb, rf"«{verb}» (?:(?:back|me|if|when)\b|{_STAFF}\b)")
        for verb in ("phone", "ring", "telephone", "dial")
    ),
    unless_after=_NOT_ASKED,
    only_after=_LEADS,
)
"""The same without saying whom: `Call to reschedule`, `feel free to call with any questions`."""

AWAITED: Final = phrase(
    way(
        "await|waiting for|forward to",
        r"«awaiting|await|waiting for|looking forward to|look forward to» (?:your|a) "
        r"(?:return )?(?:phone )?call\b(?! (?:from|with|on|at)\b)",
    ),
)
"""We wait for a call."""

_BEFORE: Final = 90
"""Characters before a number that say what it is for."""
_ASKED: Final = re.compile(
    r"\b(?:call|ring|(?:tele)?phone(?!\s*+[:.#|])|dial|reach|contact|llame|llamar|marque"
    r"|(?P<label>questions?|preguntas?|problems?|concerns?|help))\b"
    r"(?!\s+(?:you|him|her|them|your|from|log)\b)[^.!?\n]{0,60}?[?:]?[\s:(+-]*\Z"
)
_NO_CALL: Final = re.compile(
    r"\b(?:from|fax|text|sms|whatsapp|message|e-?mail)\b"
    r"(?:\s+(?:us|me|it|to|at|on|number|is|the form|them)){0,3}[\s:(+.-]*\Z"
    r"|\b(?:call|reach|phone|contact)\s+(?:you|him|her|them)\b[^.!?\n]*\Z"
)
_OF_OTHERS: Final = re.compile(rf"\b{_OTHERS}\b")
_SPEAKS_AGAINST: Final = re.compile(standing_before(_NOT_ASKED))
_LETTERHEAD: Final = re.compile(
    r"\n[^\S\n]*(?:(?:tele)?phone|tel|t|p|ph|office|main|o)?[\s.:|·-]{0,3}\(?\Z"
)
"""Where the number of an e-mail's signature stands."""


def asks_to_call(situation: Situation, *, bare: bool = False) -> tuple[int, int] | None:
    """Where a draft asks for a call: in words, or with a number that is there to be called.

    Args:
        situation: The draft, and whose numbers are known.
        bare: Also where the number of our phones stands by itself, unless an answer is invited or
            it belongs to the signature of an e-mail.
    """
    said = wording(situation.draft.text)
    spans = [
        found.span()
        for one in (CALL_OFFICE, CALL, AWAITED)
        if (found := said.find(one)) is not None
    ]
    spans += islice(_numbered(situation, said, bare and not said.says(INVITES_REPLY)), 1)
    return min(spans, default=None)


def somebody_answers(situation: Situation) -> bool:
    """Whether a number is named that is answered at any time.

    It is the direct line of one of the staff, or an answering service that takes messages.
    """
    practice = situation.practice
    own = {digits(member.direct_line) for member in practice.staff if member.direct_line}
    service = practice.answering_service
    if service is not None and service.takes_messages:
        own.add(digits(service.number))
    said = wording(situation.draft.text)
    named = {digits(said.text[start:end]) for start, end in said.dialled()} if own else set()
    return any(line.endswith(number) for number in named for line in own)


def phones_named(situation: Situation) -> Hours:
    """When the phones are staffed: those of the line whose number is named, else in general."""
    practice, said = situation.practice, wording(situation.draft.text)
    lines = [line for line in practice.lines if line.channel is ChannelKind.PHONE]
    for start, end in said.dialled() if practice.line_hours else ():
        number = digits(said.text[start:end])
        for line in lines:
            if digits(line.address).endswith(number):
                return practice.hours_of(line.id)
    return practice.phone_hours


def _numbered(situation: Situation, said: Wording, bare: bool) -> Iterator[tuple[int, int]]:
    """Where a number stands that the reader is to call."""
    spans = said.dialled()
    if not spans:
        return
    lines = situation.practice.lines
    phones = [digits(line.address) for line in lines if line.channel is ChannelKind.PHONE]
    texts = [digits(line.address) for line in lines if line.channel is ChannelKind.SMS]
    theirs = set(_their_numbers(situation))
    for start, end in spans:
        number = digits(said.text[start:end])
        before = said.folded[max(0, start - _BEFORE) : start]
        own = any(one.endswith(number) for one in phones)
        if any(one.endswith(number) for one in theirs) or _NO_CALL.search(before):
            continue
        asked = _ASKED.search(before)
        if asked is not None:
            against = _SPEAKS_AGAINST.search(before[: asked.start()])
            label = asked["label"] and any(one.endswith(number) for one in texts)
            if not against and not label and (own or not _OF_OTHERS.search(before)):
                yield start - len(before) + asked.start(), end
        elif bare and own and not _in_signature(situation, before):
            yield start, end


def _in_signature(situation: Situation, before: str) -> bool:
    letter = situation.draft.channel is ChannelKind.EMAIL
    return letter and _LETTERHEAD.search(before) is not None


def _their_numbers(situation: Situation) -> Iterator[str]:
    """The numbers of whom it goes to and whom it is about."""
    addresses = [recipient.address for recipient in situation.recipients]
    patient = situation.patient
    if patient is not None:
        points = (*patient.points, *(point for one in patient.proxies for point in one.points))
        addresses += [point.address for point in points]
    yield from (digits(one.value) for one in addresses if one.system is AddressSystem.PHONE)
