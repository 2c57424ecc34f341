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
        (
            *said(
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
            "me quiero matar",
            "I want to kill my self",
            "i might hurt my self tonight",
            "I'm having a heartattack",
            "tight chest and sweating",
            "my chest is killing me",
            "I took 30 tylenol",
            "I took thirty of my sleeping pills",
            "she took 12 lorazepam",
            "took a bottle of pills",
            "he took the whole bottle of his meds",
            "no pulse!",
            "I've never had chest pain like this before",
            "Haven't had chest pain this bad since my heart surgery",
            "I have not had chest pain until now",
            "I don't have chest pain anymore but my left arm is numb",
            "No chest pain until an hour ago",
            "No can't breathe",
            "no\nchest pain",
            "no chest pain, trouble breathing since noon",
            "Should I call 911?",
            "bleeding thru pads every hour",
            "his lips are swelling",
            "worst headache of my life",
            "i wanna die",
            "pain in left arm and chest",
            "i took the entire bottle",
            "took 2 bottles of pills",
            "she doesn't have a pulse",
            "I want to end it.",
            "My dad had a stroke",
            "a b c " * 1500 + "chest pain" + " x y z" * 100,
            ),
            Heard("Please call me back. Ann", subject="I want to kill myself", channel=MAIL),
        ),
        said(
            "this traffic is killing me",
            "I'm dying to know the results",
            "The bill nearly gave me a heart attack",
            "I don't have chest pain",
            "no chest pain, no fever",
            "She denies chest pain.",
            "Mom doesn't have any chest pain or trouble breathing, just a rash",
            "no chest pain or shortness of breath",
            "no suicidal thoughts",
            "no history of seizures.",
            "I want to end it at 3pm",
            "without shortness of breath",
            "I took 10 mg of my pills",
            "took 30 minutes to get here",
            "I took a bottle of water with me",
            "I took 15 photos of the rash",
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
            *said("ＳＴＯＰ", "Ｓｔｏｐ．"),
            *said("unsubscribe", "Stop", channel=MAIL),
            *said("STOP STOP", "Stop, stop, stop!"),
            *said("Unsubscribe\n\nSent from my iPhone", channel=MAIL),
            *said("Stop\n--\nAnn Lee\nLake Road 7", "Stop\nGet Outlook for iOS", channel=MAIL),
            *said("STOP\nAnn Lee", names=frozenset({"ann", "lee"})),
            *said("Thank you. Ann", subject="Unsubscribe", channel=MAIL),
        ),
        (
            *said("stop by tomorrow?", "please stop", "Can I cancel my appointment?", "the end"),
            *said("STOP", channel=ChannelKind.PORTAL),
            *said(".", "!", "...", "?!", "- . -"),
            *said("STOP\nJohn Smith", "Cancel\nI can't make it", "Cancel. I can't come"),
            *said("for Thursday", "the visit", subject="Cancel", channel=MAIL),
            *said("I want to cancel my appointment", "end of the day?", "stop\nby at noon?"),
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
            *said("no me manden mensajes", "dejen de escribirme", "no más mensajes"),
            *said("Stop texting", "stop texting!", "Please stop texting.", "stop messaging"),
            *said("quit texting", "stop sending texts", "Stop sending messages", "Do not text"),
            *said("Stop sending", "please stop sending!", "STOP - Rosa", "Stop — new number"),
            *said("dont text me", "Don't send texts", "Stop the texts"),
            *said("Please stop the reminders"),
            *said("Remove my number", "remove me", "Please remove my number.", "I opt out"),
            *said("opt me out", "opt out of texts", "Please opt me out", "Do not contact"),
            *said("Stop. Who is this?", "STOP\nJohn Smith", "Unsubscribe! I never signed up"),
            *said("I no longer want to receive these messages", "No longer interested, stop"),
            *said("I no longer wish to be contacted", "I don't want texts from you"),
            *said("no more", "please no more", "I want out"),
            *said("wrong person stop", "cancel my texts"),
            *said("Who is this? stop", "Wrong number. STOP", "I want you to stop texting me"),
            *said("stop msgs", "can you stop texting me", "How do I unsubscribe?", "arrêt"),
            *said("Can you please stop sending me reminders", "I ask that you don't text me"),
            *said("Please stop texting.\n\nSent from my iPhone", channel=MAIL),
            *said("Thanks. Ann", subject="Please stop emailing me", channel=MAIL),
        ),
        (
            *said("should I stop taking the pills?", "STOP", "can you stop the refill"),
            *said("don't call me before 10, I work nights", "please text me more details"),
            *said("I will stop by at noon", "don't text me at work", "no more pain, thanks"),
            *said("when do you remove the stitches?", "do you have more messages for me?"),
            *said("stop by tomorrow", "can I stop taking the pills", "don't stop"),
            *said("please don't stop"),
            *said("please stop the bleeding", "text me when it stops", "don't stop texting me!"),
            *said("I want to cancel my appointment", "Cancel. I can't come", "stop\nby at noon?"),
            *said("I'll stop texting now, sorry", "should I stop messaging through the portal?"),
            *said("Why did you stop sending me reminders?", "You don't call me back"),
            *said("please stop sending the refills to CVS", "did you stop emailing the results?"),
            *said("take me off the blood pressure pills", "remove my stitches"),
            *said("I want out of bed"),
            *said("when you don't text me I worry", "don't call him", "stop calling in my refills"),
            *said("never text and drive", "no. stop. it hurts", "Take it or what? Stop?"),
            *said("I don't want you to stop texting me", "He said not to stop texting you"),
            *said("I did not unsubscribe", "no more pills left", "can I opt out of the flu shot?"),
            *said("it hurts. stop it from hurting?", "will the pain stop"),
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
            *said("Please check. Thanks", subject="Wrong person", channel=MAIL),
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
            *said("ok thanks", subject="Can I come earlier?", channel=MAIL),
        ),
    ),
}  # fmt: skip
