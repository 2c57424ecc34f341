"""What tells a reader that an answer is not wanted, or would not be read."""

from __future__ import annotations

from typing import Final

from inbox.rules.wording import phrase, way

_THIS: Final = "(?:this|these|our|the|that|any) (?:automated |automatic |text |e-?mail |phone )?"
_MAIL: Final = (
    "(?:e-?mails?|messages?|texts?|sms|notifications?|notices?|reminders?|alerts?"
    "|address(?:es)?|number|line|inbox|mailbox|mail|account|thread|chat|conversation)"
)
_REPLY: Final = "(?:repl(?:y|ies)|responses?|answers?)"
_WHAT: Final = (
    "(?:(?:your|any|incoming|inbound|text|e-?mail|patient|return|direct|the|these) ){0,2}"
    f"(?:{_REPLY}|texts|messages|e-?mails|mail)"
)
_NOT: Final = (
    "(?:(?:do|does|is|are|will|can|could|would) ?not|cannot|can't|don't|doesn't|isn't|aren't"
    "|won't|never|no longer|(?:is|are) (?:unable|not able) to|(?:is|are) not set up to)"
).replace(" ?not", r"\s*+not")
_KIND: Final = "(?:(?:automated|automatic|text|e-?mail|phone|same|very|general) ){0,2}"
_HOW: Final = "(?: (?:be|being|get|currently|actively|regularly|always|ever|able to|to)){0,3}"
_READ: Final = (
    "(?:monitored|read|seen|checked|received|answered|attended|watched|reviewed|looked at)"
)
_TAKEN: Final = (
    f"(?:{_READ}|accepted|delivered|processed|returned|possible|supported|enabled|allowed|permitted"
    "|recorded|forwarded)"
)
_SOMETIMES: Final = (
    r"(?! (?:after|before|until|till|outside|overnight|during|between|over the|around the clock|24"
    r"|yet|today|tonight|tomorrow|on (?:the )?(?:week|sat|sun|mon|tue|wed|thu|fri|holiday)\w*"
    r"|at (?:night|weekends?|lunch|all times|all hours)|in the evening|while|by (?:other|your)"
    r"|as an?)\b)"
)
"""Not at some times, or not by others: that says when it is read, and is honest."""

_WRITTEN: Final = (
    "replies", "responses", "answers", "reply", "response", "messages", "texts", "mails", "anything"
)  # fmt: skip
_UNREAD: Final = (
    rf"(?: (?:you )?(?:sen[dt] |left |write )?(?:to|at|on|by|via) {_THIS}{_MAIL})?"
    rf" (?:{_NOT}{_HOW} {_TAKEN}\b{_SOMETIMES}"
    rf"|{_NOT}{_HOW} (?:reach|go to|get to|come (?:to|through)|arrive|work|make it)\b"
    rf"{_SOMETIMES}"
    r"|(?:will )?(?:go(?:es)?|remain|stay|be left) (?:nowhere|to (?:nobody|no.one|an? un)"
    r"|un(?:read|answered|seen|monitored|noticed))"
    r"|(?:are|is|get|will be|have been) (?:automatically )?(?:disabled|ignored|discarded"
    r"|deleted|rejected|blocked|turned off|switched off|un(?:monitored|read|seen|answered))"
    r"|bounce)(?!\w)"
)
"""What becomes of them, when nobody reads them."""

NO_REPLY_WANTED: Final = phrase(
    way(
        "reply|respond|answer|write|text|replying|responding",
        "«do not|don't|cannot|can not|can't|are unable to|aren't able to|are not able to|never"
        "|do not try to|don't try to» "
        "(?:reply|respond|answer|write back|write|text back|text|send (?:a )?repl(?:y|ies)) "
        rf"(?:(?:directly )?(?:to|by|via|using|from|with|on) )?{_THIS}{_MAIL}\b",
    ),
    way(
        "reply|respond|text back",
        r"«do not|don't|can't|cannot» (?:reply|respond|text back|write back)"
        r"(?: (?:here|directly|to (?:it|this)|to sender))?[^\S\n]*+(?:[.!):;—–]|\s*+\Z|\n\s*?\n)",
    ),
    way("reply", r"«do not|don't» (?:hit|press|use|click|tap|send)(?: on)? (?:the |a )?reply\b"),
    way("refrain|avoid", r"«refrain from|avoid» (?:replying|responding|answering)\b"),
    way("noreply|no-reply", r"«no-?reply»\b(?![\w.-]{0,60}+@)"),
    way("not-reply|notreply", r"«do-?not-?reply»\b(?![\w.-]{0,60}+@)"),
    way("reply", rf"«no» reply {_MAIL}\b"),
    way(
        "monitored|read|seen|checked|received|answered|attended|watched|reviewed|looked at",
        rf"«this|these|our|the» {_KIND}{_MAIL} (?:{_NOT}{_HOW} |(?:is|are) un-?){_READ}"
        rf"\b{_SOMETIMES}",
    ),
    way(
        "accept|receive|take|get|read|monitor|allow|support|see|process|handle",
        rf"«this|these|our|the|it» {_KIND}(?:{_MAIL} )?{_NOT}{_HOW} (?:accept|receive|take|get|read"
        rf"|monitor|allow|support|see|process|handle|permit) {_WHAT}\b{_SOMETIMES}",
    ),
    way(
        "replied to|answered|responded to|replied-to",
        rf"«this|these|our|the» {_KIND}{_MAIL} (?:can\s*+not|can't) be "
        r"(?:replied to|answered|responded to)\b",
    ),
    way("unmonitored", rf"«unmonitored» (?:{_KIND}{_MAIL}\b|[.!)]|\Z)"),
    way("unattended|unmanned|unread", rf"«unattended|unmanned» {_KIND}{_MAIL}\b"),
    *(way(word, f"«{word}»{_UNREAD}") for word in _WRITTEN),
    way("not monitored|not read", r"«replies|responses|answers» not (?:monitored|read|accepted)\b"),
    way(
        "replying|responding|texting back|answering",
        rf"«replying|responding|answering|texting back»(?: (?:to|by|via) {_THIS}{_MAIL})? "
        rf"(?:{_NOT}{_HOW} (?:reach|work|possible|available|supported|enabled|get|go|help|arrive)"
        r"|is (?:disabled|impossible|turned off|switched off)|(?:goes|leads) nowhere)\b",
    ),
    way(
        "nobody|no one|no-one|noone|no staff|none of us",
        r"«nobody|no one|no-one|noone|no staff(?: member)?|none of us» (?:here )?"
        r"(?:will (?:be )?|can |is |ever |actually |currently |regularly )?"
        r"(?:(?:read|see|monitor|check|watch|look)(?:e?s|ing)?(?: at)?|receives?|gets?"
        rf"|answers?|respond(?:s|ing)? to) (?:{_WHAT}(?: (?:sent )?to {_THIS}{_MAIL})?"
        rf"|{_THIS}{_MAIL})\b{_SOMETIMES}",
    ),
    way(
        "repl|respon|answers|messages|texts|mail|inbox|address|number",
        r"«we|staff|our (?:staff|team|office)|the (?:staff|team|office)» "
        rf"{_NOT}(?: (?:be able to|able to|ever|actively|currently)){{0,2}} "
        r"(?:read|receive|see|monitor|accept|get|check|look at|answer|respond to|reply to) "
        rf"(?:(?:any |text |e-?mail |your |incoming ){{0,2}}(?:replies|responses)"
        rf"|(?:answers|messages|texts|e-?mails) (?:sent )?(?:to|at|on) {_THIS}{_MAIL}"
        rf"|(?:this|the) {_KIND}(?:inbox|mailbox|address|account|number|line))\b{_SOMETIMES}",
    ),
    way(
        "reply|response",
        r"«we» (?:will\s*+not|won't|will never|do\s*+not|don't) "
        rf"(?:see|read|receive|get) your (?:reply|response|answer)\b{_SOMETIMES}",
    ),
    way("send-only|send only", rf"«send»[ -]only (?:{_MAIL}\b|[.!)]|\Z)".replace("[ -]", r"[\s-]")),
    way(
        "only",
        r"«outgoing|outbound»(?: (?:messages?|texts?|mail|e-?mails?))?[\s-]{1,3}only\b"
        r"|«only» (?:sends|for (?:outgoing|outbound|sending))\b",
    ),
    way(
        "one-way|one way",
        r"«one»[\s-]way (?:messages?|texts?|e-?mails?|notifications?|alerts?|number|line|channel"
        r"|address|communication|messaging)\b",
    ),
    way(
        "respond|contest",
        "«no» (?:responda|conteste|responder|contestar|respondan|contesten|responde)(?: "
        "(?:directamente )?(?:a |por |al )?(?:(?:este|esta|estos|el|la|nuestro) )?"
        r"(?:correo|mensajes?|e-?mail|texto|n[uú]mero|buz[oó]n|direcci[oó]n|sms)\b"
        r"|[^\S\n]*+(?:[.!]|\s*+\Z|\n\s*?\n))",
    ),
    way(
        "respuestas",
        r"«respuestas» (?:a (?:este|esta|estos) \w{3,15}+ )?no (?:se|ser[aá]n|son|est[aá]n) "
        r"(?:le[ií]d[ao]s|leen|reciben|recibid[ao]s|revisan|revisad[ao]s|monitorean|monitoread[ao]s"
        r"|supervisad[ao]s|supervisan)\b",
    ),
    way(
        "buz|correo|mero|direcci|cuenta|mensaje|nea",
        r"«este|esta» (?:buz[oó]n|correo|n[uú]mero|direcci[oó]n|cuenta|mensaje|l[ií]nea)"
        r"(?: (?:de correo|electr[oó]nico|de tel[eé]fono|de texto)){0,2} no (?:se (?:revisa|lee"
        r"|monitorea|supervisa)|es (?:monitoread|revisad|le[ií]d|supervisad)[ao]|est[aá] "
        r"(?:monitoread|supervisad|atendid)[ao]"
        r"|(?:recibe|acepta|admite|puede recibir) respuestas)\b",
    ),
    way(
        "nadie",
        r"«nadie» (?:lee|revisa|ve|recibe|contesta|monitorea) (?:las respuestas|este|esta)\b",
    ),
    unless_after=(
        "«if|when|because|why|since|unless|in case|who|i|they|si»(?: (?:you|they|we|i|usted|your))?"
    ),
)
"""Tells the reader not to answer; not where it speaks of one who did not, or of some hours."""

NOT_MONITORED: Final = phrase(
    way(
        "not ",
        r"«not» (?:(?:currently|regularly|actively|being|always|routinely) ){0,2}"
        rf"(?:monitored|attended)\b{_SOMETIMES}",
    ),
    only_after=r"\A|[.,;:(!?–—\n]|«inbox|mailbox|mail|email|replies|responses|messages|texts»"
    r"(?: (?:is|are|and|but)){0,2}",
)
"""The same by itself: `(not monitored)`."""
