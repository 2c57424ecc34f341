"""IN01: words of an emergency."""

from __future__ import annotations

import re
from itertools import islice
from typing import Final

from inbox.signals.heard import Heard, found_near, shown_words
from inbox.signals.rule import inbound_rule

_SELF: Final = r"(?:(?:my|him|her|them|your|our)\s?)?sel(?:f|ves)"
_MY: Final = r"(?:my|his|her|their|the)"
_CANNOT: Final = (
    r"(?:can'?t|can\s?not|couldn'?t|could\snot|unable\sto|harder\sto|hard\sto|trouble|"
    r"difficulty|struggling\sto|barely|hardly)"
)
_MANY: Final = (
    r"(?:\d{2,3}|ten|twelve|fifteen|twenty|thirty|forty|fifty|sixty|(?:a\s)?hundred|dozens\sof|"
    r"a\s(?:whole\s)?(?:bunch|handful|lot|ton)\sof|lots\sof|too\s(?:many|much)|all)"
)
_DRUGS: Final = (
    r"(?:pills?|tablets?|capsules?|meds|medications?|medicines?|doses|tylenols?|advils?|aleves?|"
    r"aspirins?|benadryls?|motrins?|xanax|ambiens?|valiums?|klonopins?|ativans?|percocets?|"
    r"vicodins?|norcos?|oxy\w{0,10}|zolofts?|prozacs?|lexapros?|insulin|gabapentins?|metformins?|"
    r"\w{5,18}\b(?:(?<=pam)|(?<=olol)|(?<=pril)|(?<=tine)|(?<=zine)|(?<=done)|(?<=fen)|(?<=phen)|"
    r"(?<=rin)|(?<=mine)|(?<=codone)|(?<=azole)))"
)

# Most words begin no emergency: looking at their first letters first makes long texts quick.
_BEGINS: Final = """
    suic|kill|hurt|harm|cut|self|want|wann|wish|read|goin|rath|plan|thou|thin|endi|end|tak|bett|no
    |do|can|think|feel|beli|afra|gonn|tryi|thre|ches|tigh|heav|crus|burn|pain|pres|hear|coul|unab
    |hard|trou|diff|stru|bare|catc|shor|out|isn|stop|aren|gasp|with|find|chok|lip|face|turn|skin
    |over|took|swal|dran|drun|ate|eate|pois|stro|mout|eyel|slur|one|left|righ|arm|leg|won|blee
    |coug|vomi|thro|spit|unco|unre|pass|coll|fain|seiz|conv|anap|hav|seve|bad|tong|airw|wors
    |sudd|an|call|shou|must|shal|quie|mata|quit|dolo|sobr|infa|derr|ataq|inco|es
"""
_CRISIS: Final = re.compile(
    rf"""\b(?=(?:{_BEGINS}))(?:
      suicid(?:e|al)\b(?!\sprevention\s(?:walk|month|week|day|training|run))
    | kill(?:ing)?\s{_SELF}\b | hurt(?:ing)?\s{_SELF}\b | harm(?:ing)?\s{_SELF}\b
    | cutting\s{_SELF}\b | self[\s-]?harm
    | (?:want(?:s|ed)?|wish(?:es)?|ready|going|rather|plan(?:s|ning)?)\s(?:to\s|i\s(?:was|were)\s)?
        (?:die|be\sdead|dead|end\s(?:it\sall|everything|it\snow|it(?=\s?(?:$|[.,!\n]))))\b
        (?!\s(?:of|from|with)\s(?:embarrassment|laughter|laughing|shame|boredom|joy))
    | (?:wanna|gonna)\s(?:die|be\sdead|end\s(?:it\sall|everything|it\snow))\b
    | cut\smyself\son\spurpose\b
    | (?:thoughts?|thinking)\s(?:of|about)\s(?:ending\s(?:it|things|everything)|dying|death)\b
    | ending\s(?:it\sall|(?:my|his|her|their)\s(?:own\s)?life)\b
    | end\s(?:my|his|her|their)\s(?:own\s)?life\b
    | tak(?:e|ing)\s(?:my|his|her|their)\s(?:own\s)?life\b
    | better\soff\s(?:dead|without\sme)\b | no\sreason\sto\slive\b
    | (?:do\snot|don'?t|doesn'?t|does\snot)\swant\sto\s(?:live|be\salive|wake\sup|
        go\son\sliving|be\shere\sany\s?more)\b
    | (?:can'?t|cannot|can\snot)\sgo\son(?:\s(?:like\sthis|living|any\s?more)\b|\s?(?=$|[.!,\n]))
    | (?:think|feels?\slike|believe|afraid)\s(?:that\s)?(?:i'?m|i\sam|he'?s|she'?s|he\sis|
        she\sis)\sdying\b
    | (?:going\sto|gonna|trying\sto|threaten(?:s|ed|ing)\sto)\skill\s(?:me|him|her|them|us)\b
    | chest\s(?:is\s|feels\s)?(?:so\s|really\s|very\s)?(?:pains?|pressure|tight(?:ness)?|
        hurt(?:s|ing)?|heav(?:y|iness)|aches?|killing)\b
    | (?:tight|heavy|crushing|burning|painful)\schest\b
    | (?:pains?|pressure|tightness|heaviness)\sin\s(?:\w+\s){{0,4}}chest\b
    | heart[\s-]?attack\b
    | {_CANNOT}\s(?:\w+\s)?breath(?:e|ing)?\b | catch\s(?:my|his|her)\sbreath\b
    | short(?:ness)?\sof\sbreath\b | out\sof\sbreath\b
    | (?:not|isn'?t|stopped|stops|aren'?t)\sbreathing\b | gasping\b
    | (?:no|without\sa|find\sa|feel\sa|have\sa)\spulse\b
    | choking\b(?!\shazard)
    | (?:lips?|face|turn(?:ed|ing|s)|skin)\s(?:\w+\s)?blue\b
    | overdos(?:e|ed|ing)\b(?!\s(?:on|of)\s(?:chocolate|cookies|candy|coffee|sugar|cake|tv))
    | (?:took|taken|swallow(?:ed)?|takes)\s(?:about\s|like\s|over\s|almost\s|maybe\s)?{_MANY}\s
        (?:of\s)?(?:(?:my|his|her|their|the)\s)?(?:\w+\s)?{_DRUGS}\b
    | (?:took|taken|swallow(?:ed)?|takes)\s{_MY}\s(?:whole|entire|full)\s
        (?:bottle|box|pack)\b
    | (?:took|taken|swallow(?:ed)?|takes)\s(?:almost\s|about\s)?
        (?:an?|the|half|two|three|\d)\s(?:an?\s|the\s|
        of\s)*(?:whole\s|entire\s|full\s|half\s)?(?:bottle|box|pack)(?:s|es)?\sof\s(?!water|milk|juice)
    | (?:swallow(?:ed)?|drank|drunk|ate|eaten)\s(?:\w+\s){{0,3}}(?:bleach|poison|antifreeze|
        detergent|batter(?:y|ies))\b
    | poisoned\b
    | (?<!breast\s)(?<!back\s)stroke\b(?!\sof\s(?:luck|genius|the))
    | (?:face|mouth|eyelid)\s(?:is\s|was\s|looks\s)?droop(?:s|ing|y|ed)?\b
    | slurr(?:ed|ing|s)\b
    | {_CANNOT}\s(?:move|feel|lift|raise)\s{_MY}\s(?:\w+\s)?(?:arms?|legs?|face|hands?|side|
        body)\b
    | (?:one|left|right)\sside\s(?:of\s\w+\s(?:body|face)\s)?(?:is\s|went\s|
        feels\s)?(?:numb|weak|paraly[sz]ed)\b
    | (?:arm|face|leg)\s(?:is|feels|went|has\sgone|suddenly|got)\s(?:\w+\s)?(?:numb|weak|
        paraly[sz]ed)\b
    | (?:won'?t|can'?t|cannot|can\snot|doesn'?t|not|
        didn'?t)\sstop(?:ping)?\s(?:the\s)?bleeding\b
    | bleeding\s(?:\w+\s)?(?:heavily|badly|a\s?lot|out|won'?t\sstop|doesn'?t\sstop|through|thru)\b
    | (?:cough|vomit|throw|spit)(?:ing|s)?\s(?:up\s)?blood\b
    | unconscious\b | unresponsive\b | pass(?:ed|ing|es)\sout\b | collaps(?:ed|ing)\b
    | faint(?:ed|ing)\b
    | (?:won'?t|not|can'?t|cannot|isn'?t)\s(?:wak(?:e|ing)(?:\s\w+)?\sup|
        respond(?:ing)?\sto\s(?:me|us))\b
    | seizures?\b | seizing\b | convuls(?:ion|ions|ing)\b
    | anaphyla\w{{1,6}}\b | (?:having\san|severe|bad)\sallergic\sreaction\b
    | (?:throat|tongue|airway|lips?)\s(?:is\s|are\s|feels\slike\sit'?s\s)?(?:closing|swelling|
        swollen|swelled)\b
    | worst\sheadache\b
    | sudden(?:ly)?\s(?:\w+\s)?(?:vision\sloss|loss\sof\svision|blind(?:ness)?)\b
    | (?:(?<=\bis\s)|(?<='s\s)|(?<=\bits\s)|(?<=\bhave\s)|(?<=\bhaving\s))an\semergency\b
    | (?:called|calling)\s911\b
    | (?:should|do|must|shall)\s(?:i|we|he|she)\s(?:\w+\s){{0,4}}(?:911|er|emergency\sroom)\b
    | (?:quiero|quiere)\s(?:morir|matar)(?:me|se)?\b | matar(?:me|se)\b
    | quitar(?:me|se)\sla\svida\b | suicidi\w{{1,4}}\b | dolor\s(?:de|en\sel)\specho\b
    | no\spued[eo]\srespirar\b
    | sobredosis\b | infarto\b | derrame\scerebral\b | ataque\s(?:al|de)\scoraz[oó]n\b
    | inconsciente\b | convulsi[oó]n(?:es)?\b | es\suna\semergencia\b
    )""",
    re.VERBOSE,
)
_ROOTS: Final = (
    "suicid", "kill", "hurt", " harm", "-harm", "harm", "cutting", "cut m", " die", "dead",
    "end it",
    "end every", "ending", "dying", "death", "life", "go on", "be here",
    "better off", "reason to live", "live", "alive", "wake", "wak", "chest", "pecho",
    "heart", "breath", "gasping", "choking", "blue", "overdos", "took", "taken", "swallow",
    "takes", "bleach", "poison", "antifreeze", "detergent", "batter", "stroke", "droop", "slurr",
    "pulse", "arm", "leg", "face", "hand", "body", "side", "bleeding", "blood", "unconscious",
    "unresponsive", "pass", "collaps", "faint", "respond", "seiz", "convuls", "anaphyla",
    "allergic", "throat", "tongue", "airway", "lip", "headache", "vision", "blind", "emergenc",
    "911", " er", "morir", "matar", "quitar", "respirar", "sobredosis", "infarto", "derrame",
    "ataque", "inconsciente",
)  # fmt: skip
"""One of these is in every text the pattern can match; most texts hold few."""

_DENIED: Final = re.compile(
    r"(?:\b(?:no|without|denies|deny|denied|nor|not)(?:\s(?:any|more|further|a|an))?(?:\s(?:history|signs?)\sof)?|"
    r"\b(?:do\snot|don'?t|doesn'?t|does\snot|didn'?t|did\snot)\s"
    r"(?:have|having|feel)(?:\s(?:any|an?))?) $"
)
"""Directly before it, on its line: they say that it is not so."""
_NEGATIVE: Final = re.compile(
    r"(?:can|could|unable|barely|hardly|won|not?|do|does|did|is|are|stop(?:s|ped))\b"
)
"""“No can't breathe” and “no not breathing” deny nothing."""
_DENIED_WHOLE: Final = re.compile(
    r"(?:\s(?:thoughts?|ideations?|symptoms?|activity|problems?|episodes?))?"
    r"(?:\sat\sall)?(?:\s?(?:$|[.,;!)\n])|\s(?P<more>or|nor)\b|\s(?:and|but)\b)"
)
"""Directly behind what is denied: “no chest pain until now” denies nothing."""
_MORE: Final = re.compile(r"(?:any\s|an?\s|a\s)?")
_JOKE: Final = re.compile(r"\b(?:g[ai]ve|gives|giving)\s(?:\w+\s){1,3}(?:near(?:ly)?\s)?an?\s$")
"""“The bill gave me a heart attack”: directly before it."""
_BEFORE: Final = 40
_MOST: Final = 50
"""Matches of one text that are weighed."""


@inbound_rule("IN01", "Sounds like an emergency")
def crisis(heard: Heard) -> str:
    """Words of an emergency: suicide, chest pain, no breath, an overdose, signs of a stroke, ...

    The conversation goes to the very top of every list, marked URGENT, every screen says so, and it
    stays there until a person marks it as looked after; their name and the time are kept. Call
    them, or send 911. Twoway answers nothing by itself. The subject counts as well as the text, and
    so does a text that looks like a telephone's automatic reply.

    A needless alert costs a look, a missed one a life: history (“a heart attack in 2019”) alerts
    too, and so does “never had chest pain like this”. What somebody plainly says they do not have
    (“no chest pain”, “denies chest pain”), and figures of speech that are plainly so (“this is
    killing me”), do not.
    """
    return next((words for text in heard.parts if (words := _said(text))), "")


def _said(text: str) -> str:
    denied_until = -1
    for found in islice(found_near(_CRISIS, _ROOTS, text), _MOST):
        before = found.string[max(0, found.start() - _BEFORE) : found.start()]
        also = 0 <= denied_until <= found.start() and _MORE.fullmatch(
            found.string, denied_until, found.start()
        )
        if (_DENIED.search(before) or also) and not _NEGATIVE.match(found.group()):
            whole = _DENIED_WHOLE.match(found.string, found.end())
            if whole is not None:
                # “No chest pain or trouble breathing” denies both.
                denied_until = whole.end() + 1 if whole["more"] else -1
                continue
        if not _JOKE.search(before):
            return shown_words(found, text)
    return ""
