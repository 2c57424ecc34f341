"""For every inbound rule: what it must hear, and what it must not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from inbox.address import ChannelKind
from inbox.message import Nature
from inbox.signals.heard import Heard


@dataclass(frozen=True)
class Heards:
    """Of one rule."""

    fires: tuple[Heard, ...]
    silent: tuple[Heard, ...]


def said(*texts: str, **more: object) -> tuple[Heard, ...]:
    """Texts of a person."""
    return tuple(Heard(text, **more) for text in texts)  # type: ignore[arg-type] # one of Heard's


MAIL = ChannelKind.EMAIL
_LATELY, _LONG_AGO = timedelta(hours=2), timedelta(days=40)

EXAMPLES: dict[str, Heards] = {
    "IN01": Heards(
        said(
            "I want to die",
            "i just dont want to live anymore",
            "I don’t want to wake up tomorrow",
            "thinking about suicide again",
            "he says he will kill himself",
            "I feel like ending my life",
            "Mom has chest pain since this morning",
            "pain in my chest when i climb stairs",
            "My chest feels tight",
            "I can't breathe",
            "she cannot breathe well, what do we do",
            "having trouble breathing",
            "short of breath all day",
            "my son is not breathing right",
            "he took too many pills",
            "she swallowed some bleach",
            "I think I overdosed on my metoprolol",
            "I think grandpa is having a stroke",
            "his face is drooping and he can't move his arm",
            "my left side went numb",
            "the bleeding won't stop. can't stop the bleeding",
            "he passed out twice",
            "She had a seizure",
            "my throat is closing up",
            "heart attack in 2019, and now this feeling again",
            "No chest pain, but I can't breathe lying down",
            "this is an emergency please call",
            "Tengo dolor de pecho",
            "no puedo respirar bien",
            "quiero morirme",
        ),
        said(
            "this traffic is killing me",
            "I'm dying to know the results",
            "The bill nearly gave me a heart attack",
            "I don't have chest pain",
            "no chest pain, no fever",
            "a stroke of luck that you had a slot",
            "I overdosed on chocolate at Easter",
            "wanted to die of embarrassment",
            "Can I move Thursday's visit?",
            "Is there a chest x-ray appointment?",
            "my life insurance form is attached",
            "the suicide prevention walk is on Sunday",
            "she is breathing fine now",
        ),
    ),
    "IN02": Heards(
        (
            *said("STOP", "stop", "Stop.", "  STOP!! ", "Opt-out", "opt out", "UNSUBSCRIBE"),
            *said("quit", "End", "revoke", "cancel", "stopall", "“Stop”"),
            *said("unsubscribe", "Stop", channel=MAIL),
        ),
        (
            *said("stop by tomorrow?", "please stop", "Can I cancel my appointment?", "the end"),
            *said("STOP", channel=ChannelKind.PORTAL),
        ),
    ),
    "IN03": Heards(
        (
            *said("please stop texting me", "Stop sending me these", "don't text me anymore"),
            *said("DO NOT CONTACT ME AGAIN", "take me off your list", "remove my number from this"),
            *said("no more texts please", "I don't want any more messages", "leave me alone"),
            *said("please stop", "stop it", "Stop please thank you", "lose my number"),
            *said("unsubscribe me", "I want to opt out", "quit messaging me"),
            *said("never call me again"),
            *said("Please don't email me anymore.", "I'd like to unsubscribe", channel=MAIL),
            *said("no me manden mensajes", "dejen de escribirme"),
        ),
        (
            *said("should I stop taking the pills?", "STOP", "can you stop the refill"),
            *said("don't call me before 10, I work nights", "please text me more details"),
            *said("I will stop by at noon", "don't text me at work", "no more pain, thanks"),
            *said("when do you remove the stitches?", "do you have more messages for me?"),
        ),
    ),
    "IN04": Heards(
        (
            *said("wrong number", "Sorry you have the wrong number", "Wrong person!"),
            *said("this isn't Ann", "This is not Ann, stop", "that's not Rosa Jimenez"),
            *said("no such person here", "nobody by that name", "There's no Ann here"),
            *said("I'm not your patient", "i am not a patient of yours", "I'm not Ann"),
            *said("who is Rosa?", "I don't know anyone named Ann", "número equivocado"),
            *said("I just got this number last week", "this is not her number anymore"),
            *said("this isn't ann", names=frozenset({"ann"})),
            *said("you got the wrong email address", channel=MAIL),
        ),
        (
            *said("this isn't working", "The pharmacy has the wrong number on file"),
            *said("I'm not Sure about Tuesday", "I got the wrong number of pills"),
            *said("you sent me the wrong person's results", "This is not Covid, right?"),
            *said("what is wrong with my number?", "not today", "Not Thursday please"),
            *said("is something wrong", "I dialed the lab, they gave me the wrong number"),
        ),
    ),
    "IN05": Heards(
        tuple(Heard("I want to die", nature=nature) for nature in
              (Nature.BULK, Nature.AUTO_REPLY, Nature.BOUNCE, Nature.RECEIPT, Nature.PROBE)),
        (Heard("hello"), Heard("garbled", nature=Nature.UNREADABLE)),
    ),
    "IN06": Heards(
        (Heard("x", waited=timedelta(hours=4), answer_within=timedelta(hours=4)),),
        (
            Heard("x", waited=timedelta(hours=3), answer_within=timedelta(hours=4)),
            Heard("x", waited=timedelta(days=30)),
        ),
    ),
    "IN07": Heards(
        (
            *said("START", "unstop", "Start.", opted_out_ago=_LONG_AGO),
            *said("YES", "yes", opted_out_ago=_LATELY),
        ),
        (
            *said("START", "YES", "yes"),
            *said("yes", "yes please, Thursday", opted_out_ago=_LONG_AGO),
            *said("start", opted_out_ago=_LATELY, channel=MAIL),
        ),
    ),
    "IN08": Heards(said("ok", files=1), said("ok")),
    "IN09": Heards(
        (
            *said("ok thanks", "Thanks!", "thank you so much", "👍", "👍🏽🙏"),
            *said("got it", "Great, thx"),
            *said("Perfect. See you then!", "okay, sounds good", "gracias", "Will do. Thank you"),
            *said("Thanks Dana!", "Thank you\nRosa", names=frozenset({"dana", "rosa"})),
        ),
        (
            *said("yes", "no", "yep", "ok?", "thanks, and can I come earlier", "ok Tuesday", ""),
            *said("sure", "Thanks but the cough is worse", "C", "1", "Dana", "…"),
            *said("dana", names=frozenset({"dana"})),
            *said("ok thanks", files=1),
        ),
    ),
}  # fmt: skip
