"""Patients read what the practice sends and answer it in the same thread."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest

from demo.lakeside import ACCOUNTS, Lakeside
from demo.patients import Patients
from demo.quoting import Program
from demo.script import read_script, sample_script
from demo.world import MailWorld, Treatment
from tests.clock import FakeClock
from tests.demo.clients import imap, smtp, wait_for

DESK = "frontdesk@lakeside.example"
ROSA = "rosa.jimenez@mail.example"
SUBJECT = "Moving Thursday's visit"


def write(
    practice: Lakeside,
    to: str,
    text: str,
    *,
    id_: str = "<42.7@lakeside.example>",
    sender: str = DESK,
    **more: str,
) -> None:
    """Send a mail as the practice would, and look into the world until it is quiet again."""
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = f"Lakeside front desk <{sender}>"
    mail["To"] = to
    mail["Subject"] = SUBJECT
    mail["Date"] = "Mon, 02 Mar 2026 09:00:00 -0600"
    mail["Message-ID"] = id_
    for name, value in more.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    user = sender.partition("@")[0]
    with smtp(practice.world.smtp.port, user, practice.password) as client:
        client.sendmail(sender, [to], mail.as_bytes())


def arrived(practice: Lakeside, before: int, address: str = DESK) -> EmailMessage:
    """The one mail that came since there were so many."""
    raw = wait_for(lambda: practice.world.inbox(address)[before:])[0]
    return parse(raw)


def text_of(mail: EmailMessage) -> str:
    """The plain text, with line ends as Python has them."""
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text.replace("\r\n", "\n")


def parse(raw: bytes) -> EmailMessage:
    return email.message_from_bytes(raw, policy=email.policy.default)


def count(practice: Lakeside, address: str = DESK) -> int:
    return len(practice.world.inbox(address))


def test_a_patient_answers_in_the_thread(lakeside: Lakeside) -> None:
    before = count(lakeside)
    write(lakeside, ROSA, "Friday at 9:15 is free.", References="<1.a@mail.example>")
    answer = arrived(lakeside, before)
    assert answer["From"] == f"Rosa Jimenez <{ROSA}>"
    assert answer["To"] == DESK
    assert answer["Subject"] == f"Re: {SUBJECT}"
    assert answer["In-Reply-To"] == "<42.7@lakeside.example>"
    assert answer["References"].split() == ["<1.a@mail.example>", "<42.7@lakeside.example>"]
    assert answer["Message-ID"].endswith("@mail.example>")
    text = text_of(answer)
    assert "fridge" in text.partition(">")[0]
    assert "> Friday at 9:15 is free." in text
    assert "Mar 2, 2026, at 9:00 AM" in text


def test_the_practice_holds_what_the_patient_received(lakeside: Lakeside) -> None:
    write(lakeside, ROSA, "Friday at 9:15 is free.")
    [raw] = lakeside.world.inbox(ROSA)
    assert b"Return-Path: <frontdesk@lakeside.example>" in raw
    with imap(lakeside.world.imap.port, ROSA, ROSA) as rosa:
        assert rosa.select_folder("INBOX")[b"EXISTS"] == 1


def test_another_question_gets_another_answer_and_then_it_is_enough(lakeside: Lakeside) -> None:
    said = []
    for number, text in enumerate(["Friday at 9:15?", "You may drink water.", "See you!"]):
        before = count(lakeside)
        write(
            lakeside, ROSA, text, id_=f"<{number}@lakeside.example>", References="<root@x.example>"
        )
        said.append(text_of(arrived(lakeside, before)).split("\n")[0])
    assert len(set(said)) == 3
    before, answered = count(lakeside), lakeside.patients.answered
    write(lakeside, ROSA, "And once more?", References="<root@x.example>")
    write(lakeside, "omar.haddad@post.example", "The sleep center has your referral.")
    arrived(lakeside, before)
    assert lakeside.patients.answered == answered + 1


def test_they_answer_to_reply_to_and_what_goes_to_noreply_is_lost(lakeside: Lakeside) -> None:
    nurse_before = count(lakeside, "nurse@lakeside.example")
    write(lakeside, ROSA, "Friday at 9:15?", Reply_To="nurse@lakeside.example")
    assert arrived(lakeside, nurse_before, "nurse@lakeside.example")["To"] == (
        "nurse@lakeside.example"
    )
    answered = lakeside.patients.answered
    write(lakeside, ROSA, "Monday at 8?", id_="<9@x.example>", sender="noreply@lakeside.example")
    wait_for(lambda: lakeside.patients.answered == answered + 1)
    assert count(lakeside, "noreply@lakeside.example") == 0


def test_one_address_bounces(lakeside: Lakeside) -> None:
    before = count(lakeside)
    write(lakeside, "kevin.doyle@oldisp.example", "The kit is here.")
    report = arrived(lakeside, before)
    assert report.get_param("report-type") == "delivery-status"
    assert "<42.7@lakeside.example>" in report.as_string()


def test_one_is_away_and_says_so_once(lakeside: Lakeside) -> None:
    before = count(lakeside)
    write(lakeside, "h.krueger@brightworks.example", "Whole days or hours?")
    note = arrived(lakeside, before)
    assert note["Return-Path"] == "<>"
    assert note["Auto-Submitted"] == "auto-replied"
    assert note["In-Reply-To"] == "<42.7@lakeside.example>"
    answered = lakeside.patients.answered
    write(lakeside, "h.krueger@brightworks.example", "Hours, then?", id_="<43@lakeside.example>")
    assert_silent(lakeside, answered)


def test_one_never_answers(lakeside: Lakeside) -> None:
    answered = lakeside.patients.answered
    write(lakeside, "dale.simmons@post.example", "Did you take your readings?")
    assert_silent(lakeside, answered)
    assert count(lakeside, "dale.simmons@post.example") == 1


def test_one_is_answered_for_by_her_husband(lakeside: Lakeside) -> None:
    before = count(lakeside)
    write(lakeside, "marta.novakova@dopis.example", "Shall I put down two places?")
    answer = arrived(lakeside, before)
    assert answer["From"] == "Petr Novák <petr.novak@dopis.example>"
    assert answer["In-Reply-To"] == "<42.7@lakeside.example>"
    assert "Marta's husband" in text_of(answer)


def test_machines_are_not_answered(lakeside: Lakeside) -> None:
    answered = lakeside.patients.answered
    write(lakeside, ROSA, "Friday at 9:15?", Auto_Submitted="auto-generated")
    write(lakeside, ROSA, "Flu shots are here!", id_="<5@x.example>", Precedence="bulk")
    assert_silent(lakeside, answered)


def assert_silent(practice: Lakeside, answered: int) -> None:
    """Nobody wrote since there were so many answers; a later answer by another proves the wait."""
    before = count(practice)
    write(practice, "omar.haddad@post.example", "The sleep center has it.", id_="<z@x.example>")
    arrived(practice, before)
    assert practice.patients.answered == answered + 1


def test_quoted_history_decides_nothing(lakeside: Lakeside) -> None:
    before = count(lakeside)
    write(
        lakeside,
        "ruth.abrams@mail.example",
        "Thank you for the plums.\n\nOn Mon, Mar 2, 2026 at 8:00 AM X <x@y.example> wrote:\n"
        "> a morning or an afternoon with Dr. Hadley?\n",
    )
    assert "bridge" not in text_of(arrived(lakeside, before))


def test_the_same_seed_gives_the_same_answers(clock: FakeClock) -> None:
    answers = []
    for _ in range(2):
        with Lakeside(quick=True, quiet=True, seed=7, clock=clock) as practice:
            before = count(practice)
            write(practice, ROSA, "Friday at 9:15?")
            answers.append(arrived(practice, before).as_string())
    assert answers[0] == answers[1]


SCRIPT = """
[[person]]
address = "rosa.jimenez@mail.example"
name = "Rosa"
program = "{program}"
answer = [{{ on = "", say = "Good." }}]

[[arrival]]
after = 0.01
from = "rosa.jimenez@mail.example"
to = "frontdesk@lakeside.example"
subject = "Unasked"
say = "Are you open on Friday?"
"""


def test_mail_comes_unasked(mail_world: MailWorld) -> None:
    mail_world.add_user("frontdesk", "right", DESK)
    patients = Patients(mail_world, read_script(SCRIPT.format(program="apple")))
    patients.move_in()
    patients.begin_arrivals()
    [raw] = wait_for(lambda: mail_world.inbox(DESK))
    mail = parse(raw)
    assert (mail["Subject"], mail["In-Reply-To"]) == ("Unasked", None)
    assert text_of(mail) == "Are you open on Friday?\n"


def test_answers_take_as_long_as_told(mail_world: MailWorld) -> None:
    mail_world.add_user("frontdesk", "right", DESK)
    patients = Patients(mail_world, read_script(SCRIPT.format(program="bare")), delay=(0.15, 0.15))
    patients.move_in()
    mail_world.send(DESK, [ROSA], b"From: frontdesk@lakeside.example\r\n\r\nHello?\r\n")
    assert mail_world.inbox(DESK) == []
    assert wait_for(lambda: mail_world.inbox(DESK))


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (
            "gmail",
            "Good.\n\nOn Mon, Mar 2, 2026 at 9:00 AM Desk <frontdesk@",
        ),
        ("apple", "Good.\n\nOn Mar 2, 2026, at 9:00 AM, Desk <frontdesk@lakeside.example> wrote:"),
        ("iphone", "Good.\n\nSent from my iPhone\n\n> On Mar 2, 2026, at 9:00 AM, Desk "),
        ("outlook", "Good.\n\n________________________________\nFrom: Desk <frontdesk@"),
        ("bottom", "On Mon, Mar 2, 2026 at 9:00 AM Desk <frontdesk@lakeside.example> wrote:\n"),
        ("bare", "Good.\n"),
    ],
)
def test_each_program_quotes_in_its_own_way(
    mail_world: MailWorld, program: Program, expected: str
) -> None:
    mail_world.add_user("frontdesk", "right", DESK)
    Patients(mail_world, read_script(SCRIPT.format(program=program)), delay=(0, 0)).move_in()
    mail_world.send(
        DESK,
        [ROSA],
        b"From: Desk <frontdesk@lakeside.example>\r\nTo: Rosa\r\n"
        b"Date: Mon, 02 Mar 2026 15:00:00 +0000\r\n\r\nHello?\r\n",
    )
    [raw] = wait_for(lambda: mail_world.inbox(DESK))
    text = text_of(parse(raw))
    assert text.startswith(expected)
    assert ("> Hello?" in text) == (program not in {"outlook", "bare"})
    assert text.rstrip().endswith("Good.") == (program in {"bottom", "bare"})


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[[persn]]\naddress = "a@b.example"', "unknown persn"),
        ('[[person]]\naddress = "a@b.example"\nkind = "rude"', "rude"),
        ('[[person]]\naddress = "a@b.example"\nvia = "c@d.example"', "c@d.example"),
        ('[[common]]\non = "("\nsay = "x"', "bad expression"),
    ],
)
def test_a_bad_script_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        read_script(text)


def test_everybody_who_wrote_can_be_answered(lakeside: Lakeside) -> None:
    known = set(sample_script().people) | set(ACCOUNTS.values())
    # Two senders are meant to be nobody: the mail system itself, and the forger.
    exceptions = {"MAILER-DAEMON@mx.lakeside.example", "security@lakes1de-portal.example"}
    for account in ACCOUNTS.values():
        for raw in lakeside.world.inbox(account):
            mail = parse(raw)
            address = mail["From"].addresses[0].addr_spec
            assert address in exceptions or address.lower() in known


def test_noreply_is_deaf_and_the_others_hear(lakeside: Lakeside) -> None:
    stranger = "someone@elsewhere.example"
    for account, heard in [("frontdesk", 1), ("nurse", 1), ("noreply", 0)]:
        before = count(lakeside, ACCOUNTS[account])
        lakeside.world.send(stranger, [ACCOUNTS[account]], b"Subject: hi\r\n\r\nhello\r\n")
        assert count(lakeside, ACCOUNTS[account]) - before == heard
    assert lakeside.world.bounced == []


def test_trouble_can_be_added_to_the_practice(lakeside: Lakeside) -> None:
    lakeside.world.treat(DESK, Treatment(discard=True))
    answered = lakeside.patients.answered
    before = count(lakeside)
    write(lakeside, ROSA, "Friday at 9:15?")
    wait_for(lambda: lakeside.patients.answered == answered + 1)
    assert count(lakeside) == before
