"""The first set-up's questions on texts and calls, against the telephone on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import ndiff
from pathlib import Path

import pytest

from demo.twilio.lakeside import DEAD, MAIN, SECOND, TEXTS, Telephone
from demo.twilio.server import ACCOUNT_SID, AUTH_TOKEN
from demo.world import MailWorld
from inbox.address import ChannelKind
from tests.demo.fixtures import mail_world, server_tls, tls_authority
from tests.tui.cli.test_setup import (
    LINE,
    PRACTICE,
    STAFF,
    Typing,
    home,
    servers,
    typing,
    world,
)
from tui.channels import twilio_settings
from tui.config.reading import read_configuration
from tui.config.tables import PhoneTable, SmsTable
from tui.setup.telephone import plain_number

__all__ = ["home", "mail_world", "server_tls", "tls_authority", "typing", "world"]


@pytest.fixture
def telephone() -> Iterator[Telephone]:
    with Telephone(quick=True, quiet=True) as made:
        yield made


@pytest.fixture
def path(home: Path, telephone: Telephone) -> Path:
    """Where the configuration will be; what leads to the telephone here stands beside it."""
    folder = home / "config" / "twoway"
    folder.mkdir(parents=True)
    lead_to(telephone, folder / "practice.toml")
    return folder / "practice.toml"


def lead_to(telephone: Telephone, path: Path) -> None:
    """Lay the way to the telephone beside a configuration; a finished set-up takes it away."""
    url = telephone.server.base_url
    path.with_name("setup-answers.toml").write_text(
        "".join(f'{key}_base_url = "{url}"\n' for key in ("texts_1", "texts_2", "phone"))
    )


BY_HAND = ("manual", "555-010-7700", "", "")
NO_SERVICE = ("n",)
NO_PORTAL = ("n",)


def texts(number: str = TEXTS, *, token: str = AUTH_TOKEN) -> tuple[str, ...]:
    """Answers about a number for texts, with its token in a file; and that it is tested."""
    return ("y", number, "Lakeside texts", "", ACCOUNT_SID, "", "file", "", token, "y")


def begun(world: MailWorld) -> tuple[str, ...]:
    return (*PRACTICE, *STAFF, *LINE, *servers(world), "y", "n", "y")


def test_texts_a_desk_phone_and_the_answering_service(
    typing: Typing, world: MailWorld, path: Path
) -> None:
    status, out, err = typing(
        *begun(world), *texts("(555) 010-7788"), "n", *BY_HAND, "555 010 7701",
        "y", "+15550107790", "y", "sms", "+15550107791", "n",
    )  # fmt: skip
    assert (status, err) == (0, ""), out
    assert "It works: it can be texted, and answers are read." in out
    assert AUTH_TOKEN not in out
    found = read_configuration(path)
    table = found.lines["texts"]
    assert isinstance(table, SmsTable)
    assert (table.number, table.name, table.account_sid) == (TEXTS, "Lakeside texts", ACCOUNT_SID)
    assert twilio_settings(found, table).secret() == AUTH_TOKEN
    assert (path.parent / "texts.auth-token").stat().st_mode & 0o777 == 0o600
    assert AUTH_TOKEN not in path.read_text()
    phone = found.lines["main-phone"]
    assert isinstance(phone, PhoneTable)
    assert (phone.number, phone.provider, phone.account_sid) == (MAIN, "manual", "")
    practice = found.practice
    assert [member.direct_line for member in practice.staff] == ["+15550107701"]
    service = practice.answering_service
    assert service is not None
    assert (service.number, service.takes_messages) == ("+15550107790", True)
    assert (service.heads_up_channel, service.heads_up_to) == (ChannelKind.SMS, "+15550107791")


def test_a_file_that_is_there_gets_them_in_place_with_its_comments(
    typing: Typing, world: MailWorld, path: Path, telephone: Telephone
) -> None:
    typing(*PRACTICE, *STAFF, *LINE, *servers(world), "y", "n", "n", *NO_PORTAL)
    before = path.read_text().replace("[practice]", "# ours since 1990\n[practice]", 1)
    path.write_text(before)
    lead_to(telephone, path)
    status, out, err = typing(
        "phone",
        *texts(),
        "n",
        "twilio",
        MAIN,
        "",
        "",
        "+15550107701",
        "y",
        "5550107705",
        *NO_SERVICE,
    )
    assert (status, err) == (0, ""), out
    after = path.read_text()
    changes = list(ndiff(before.splitlines(), after.splitlines()))
    assert not [line for line in changes if line.startswith("- ")], "all that stood there stands"
    assert '+ direct_line = "+15550107705"' in changes
    found = read_configuration(path)
    assert list(found.lines) == ["desk", "texts", "main-phone"]
    phone = found.lines["main-phone"]
    assert isinstance(phone, PhoneTable)
    assert (phone.provider, phone.desk, phone.account_sid) == ("twilio", "+15550107701", "")
    assert "It works: calls are read, and it can be called back." in out
    assert found.practice.answering_service is None
    assert [old.read_text() for old in path.parent.glob("*.old")] == [before]


def test_a_wrong_token_is_told_and_given_again(
    typing: Typing, world: MailWorld, path: Path
) -> None:
    status, out, _ = typing(
        *begun(world), *texts(token="0" * 32), "account", "", "", "file", "", "y", AUTH_TOKEN, "y",
        "n", "none", "", *NO_SERVICE, *NO_PORTAL,
    )  # fmt: skip
    assert status == 0, out
    assert "NOT WELL" in out
    assert "0" * 32 not in out
    assert "It works" in out.split("NOT WELL")[1]
    assert "texts" in read_configuration(path).lines


def test_a_number_whose_answers_are_thrown_away_is_told_and_changed(
    typing: Typing, world: MailWorld, path: Path
) -> None:
    status, out, _ = typing(
        *begun(world), *texts(DEAD), "number", TEXTS, "y", "n", "none", "", *NO_SERVICE, *NO_PORTAL
    )
    assert status == 0, out
    assert "do not arrive" in out.split("NOT WELL")[1].splitlines()[0]
    assert read_configuration(path).practice.line("texts").address == TEXTS  # type: ignore[union-attr]  # it is there


def test_a_number_is_texted_from_another_one(
    typing: Typing, world: MailWorld, path: Path, telephone: Telephone
) -> None:
    status, out, _ = typing(
        *begun(world), *texts(SECOND), "y", TEXTS, "", "", "", "", "file", "", AUTH_TOKEN, "y",
        "n", "none", "", *NO_SERVICE, *NO_PORTAL,
    )  # fmt: skip
    assert status == 0, out
    assert "Sending a test message from (555) 010-7789 to (555) 010-7788" in out
    texted = [one for one in telephone.server.account.texts if one.sender == SECOND]
    assert [one.to for one in texted if one.direction == "outbound-api"] == [TEXTS]


def test_bad_answers_about_numbers_are_asked_again(
    typing: Typing, world: MailWorld, path: Path
) -> None:
    status, out, _ = typing(
        *begun(world), "y", "7788", TEXTS, "", "", "AC12", ACCOUNT_SID, "SK1", "", "file", "",
        AUTH_TOKEN, "n", "n", "none", "none at all", "", *NO_SERVICE, *NO_PORTAL,
    )  # fmt: skip
    assert status == 1, "a line that was not tested is not proven"
    assert out.count("Write it with + and the country code") == 2
    assert "It begins with AC" in out
    assert "It begins with SK" in out
    assert "Not proven yet: texts" in out


@pytest.mark.parametrize(
    ("text", "country", "number"),
    [
        ("(555) 010-7788", "US", "+15550107788"),
        ("555.010.7788", "CA", "+15550107788"),
        ("+44 20 7946 0123", "US", "+442079460123"),
        ("5550107788", "DE", "5550107788"),
    ],
)
def test_numbers_as_people_write_them(text: str, country: str, number: str) -> None:
    assert plain_number(text, country) == number
