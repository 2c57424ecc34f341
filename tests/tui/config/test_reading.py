"""The configuration is read strictly, and every error says where, what, and what instead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from inbox.address import ChannelKind
from inbox.errors import ConfigurationError
from inbox.finding import Severity
from tests.tui.config.sample import WHOLE, problems, read
from tui.channels import mail_settings
from tui.config.reading import read_configuration
from tui.config.tables import EmailTable, PortalTable
from tui.secret import CommandSecret


def test_everything_arrives_where_the_rules_look() -> None:
    configuration = read(WHOLE)
    practice = configuration.practice
    assert practice.name == "Lakeside Family Practice"
    assert [member.id for member in practice.staff] == ["dana", "lee"]
    assert [(line.id, line.channel) for line in practice.lines] == [
        ("front-desk", ChannelKind.EMAIL),
        ("texts", ChannelKind.SMS),
        ("main-phone", ChannelKind.PHONE),
        ("portal", ChannelKind.PORTAL),
    ]
    assert "desk@lakeside.example" in practice.own_keys
    monday_noon = datetime(2026, 3, 2, 18, 30, tzinfo=UTC)
    assert not practice.hours.is_open(monday_noon)
    assert practice.hours_of("front-desk") != practice.hours_of("texts")
    assert practice.answering_service is not None
    assert practice.answering_service.heads_up_channel is ChannelKind.SMS
    assert configuration.keys == {"reply": "R"}
    assert configuration.theme == "twoway-light"
    assert isinstance(configuration.lines["portal"], PortalTable)


@pytest.mark.parametrize(
    ("text", "minutes"), [("4h", 240), ("90min", 90), ("1h 30min", 90), ("2 h", 120)]
)
def test_how_soon_everybody_is_to_be_answered(text: str, minutes: int) -> None:
    whole = WHOLE.replace("[practice]", f'[practice]\nanswer_within = "{text}"', 1)

    assert read(whole).practice.answer_within == timedelta(minutes=minutes)
    assert read(WHOLE).practice.answer_within is None


@pytest.mark.parametrize("text", ["soon", "4", "0h", "h", "-2h"])
def test_what_is_no_span_of_time_is_told(text: str) -> None:
    whole = WHOLE.replace("[practice]", f'[practice]\nanswer_within = "{text}"', 1)

    with pytest.raises(ConfigurationError, match="answer_within"):
        read(whole)


def test_the_practice_sets_rules_within_their_limits() -> None:
    policy = read(
        f'{WHOLE}\n[rules]\nTW38 = "off"\nTW24 = "hold"\nTW03 = "block"\n'
    ).practice.policy

    assert policy.settings == {"TW38": None, "TW24": Severity.HOLD, "TW03": Severity.BLOCK}


def test_mail_settings_fill_in_the_ports() -> None:
    configuration = read(WHOLE)
    table = configuration.lines["front-desk"]
    assert isinstance(table, EmailTable)
    settings = mail_settings(configuration, table)
    assert (settings.imap.port, settings.smtp.port) == (993, 587)
    assert settings.imap.folders == ("INBOX",)
    assert settings.imap.sent is None
    assert "password" not in repr(settings)
    secret = configuration.secret(table.password, "front-desk")
    assert secret == CommandSecret(("pass", "show", "lakeside front"), "front-desk")


BAD = [
    # old, new, line, key, what, hint
    ('country = "US"', 'contry = "US"', 4, "practice.contry", "not a known key", "“country”"),
    ('name = "Lakeside F', '# name = "Lakeside F', 1, "practice.name", "is missing", "text"),
    ('timezone = "America/Chicago"', "timezone = 6", 3, "practice.timezone", "wrong kind", "text"),
    ("America/Chicago", "America/Chicgo", 3, "practice.timezone", "not a time zone", "Chicago"),
    ('country = "US"', 'country = "USA"', 4, "practice.country", "not a country", '"US"'),
    ("https://lakeside.example/book", "lakeside", 5, "practice.scheduling_url", "web", "https"),
    ('mon = "08:00-12', 'mom = "08:00-12', 8, "hours.mom", "not a day", "“mon”"),
    ("13:00-17:00", "13:00-12:00", 8, "hours.mon", "ends before", "in order"),
    ("fri = ", "fri = 8 #", 9, "hours.fri", "wrong kind", "text in quotes"),
    ("[hours.front-desk]", "[hours.front-dsk]", 11, "hours.front-dsk", "line", "“front-desk”"),
    ('sat = "09:00-11:00"', 'sat = "9 to 11"', 12, "hours.front-desk.sat", "span", "08:00"),
    ('"+15550107790"', '"555 0107"', 15, "answering_service.number", "phone number", "+1555"),
    ("takes_messages = true", 'takes_messages = "yes"', 16, "takes_messages", "kind", "true or"),
    ('to = "+15550107791"', 'to = "desk"', 17, "heads_up.to", "phone number", "+1555"),
    ('id = "lee"', 'id = "dana"', 26, "staff[2].id", "there twice", "number 1"),
    ('id = "lee"', 'id = "lee okafor"', 26, "staff[2].id", "not an id", "Letters"),
    ('"dana@lakeside.example"', '"Dana <d@x.example>"', 23, "staff[1].email", "e-mail", "one"),
    ('channel = "email"', 'channel = "e-mail"', 31, "line[1].channel", "not known", "“email”"),
    ('channel = "email"\n', "", 29, "line[1].channel", "is missing", '"sms"'),
    ('"frontdesk@lakeside.example"', '"frontdesk"', 32, "line[1].address", "e-mail", "one"),
    ("port = 993", "prot = 993", 35, "line[1].imap.prot", "not a known key", "“port”"),
    ("port = 993", 'port = "993"', 35, "line[1].imap.port", "wrong kind", "whole number"),
    ("port = 993", "port = true", 35, "line[1].imap.port", "wrong kind", "whole number"),
    ("port = 993", "port = 99300", 35, "line[1].imap.port", "not a port", "65535"),
    ('security = "tls"', 'security = "ssl"', 35, "line[1].imap.security", "known", "starttls"),
    ('security = "tls"', 'security = "none"', 35, "line[1].imap.security", "machine", "tls"),
    ('"imap.lakeside.example"', '"imap://x"', 35, "line[1].imap.host", "host name", "Only"),
    ('host = "smtp.lakeside.example", ', "", 36, "line[1].smtp.host", "is missing", "text"),
    ("also = [", "also = 3 #", 34, "line[1].also", "must be a list", "[text in quotes"),
    ("desk@lakeside.example\"]", "x\"]", 34, "line[1].also[1]", "e-mail", "one"),
    ("{ command = \"pass show 'lakeside front'\" }", '"hunter2"', 37, "password", "itself", "env"),
    ("{ command = \"pass show 'lakeside front'\" }", "{}", 37, "password", "exactly one", "env"),
    ("command = \"pass show 'lakeside front'\"", 'value = "x"', 37, "password", "source", "env"),
    ("command = \"pass show 'lakeside front'\"", 'env = "$X"', 37, "password.env", "name", "$"),
    ("'lakeside front'\"", "'lakeside\"", 37, "password.command", "not a command", "shell"),
    ("command = \"pass show 'lakeside front'\"", "keyring = false", 37, "keyring", "true", "env"),
    ('number = "+15550107788"', 'number = "+0"', 42, "line[2].number", "phone number", "+1555"),
    ('auth_token = { env = "TWILIO_TOKEN" }\n', "", 39, "line[2].auth_token", "missing", "api_key"),
    ('provider = "manual"', 'provider = "desk"', 50, "line[3].provider", "not known", "manual"),
    ('kind = "backend-services"', 'kind = "oauth"', 56, "line[4].auth.kind", "known", "bearer"),
    ('id = "texts"', 'id = "front-desk"', 40, "line[2].id", "there twice", "number 1"),
    ('theme = "twoway-light"', "theme = true", 62, "screen.theme", "wrong kind", "text"),
    ("[screen]", '[rules]\nTW3 = "off"\n[screen]', 62, "rules.TW3", "not the id", "rules.md"),
    ("[screen]", '[rules]\ntw38 = "off"\n[screen]', 62, "rules.tw38", "not the id", "“TW38”"),
    ("[screen]", '[rules]\nTW24 = "of"\n[screen]', 62, "rules.TW24", "not known", '"off"'),
    ("[screen]", '[rules]\nTW19 = "off"\n[screen]', 62, "rules.TW19", "core promise", "block"),
    ("[screen]", '[rules]\nTW18 = "info"\n[screen]', 62, "rules.TW18", "47 CFR", "warn"),
    ("[screen]", "[rules]\nTW24 = 3\n[screen]", 62, "rules.TW24", "wrong kind", "text"),
    ("[screen]", "[scren]", 61, "scren", "not a known key", "“screen”"),
    ('user = "frontdesk" }\nsmtp', 'user = "f", password = "hunter2" }\nsmtp', 35, "imap.password",
     "no secret", "env"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "key", "what", "hint"), BAD)
def test_each_error_names_line_key_and_what_was_expected(
    old: str, new: str, line: int, key: str, what: str, hint: str
) -> None:
    found = problems(old, new)
    assert len(found) == 1, found
    sentence, way_out = found[0]
    assert sentence.startswith(f"practice.toml, line {line}: "), sentence
    assert key in sentence
    assert what in sentence
    assert hint in way_out
    assert "hunter2" not in sentence + way_out


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = WHOLE.replace("timezone", "timezon").replace("port = 993", "port = 0.5")
    text = text.replace('provider = "manual"', "provider = 3")
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    told = [re.findall(r"line (\d+):", sentence)[0] for sentence, _ in caught.value.problems]  # type: ignore[attr-defined] # a ConfigurationRefused
    assert told == ["1", "3", "35", "50"]


def test_an_address_belongs_to_one_line() -> None:
    second = WHOLE[WHOLE.index("[[line]]") : WHOLE.index('[[line]]\nid = "texts"')]
    with pytest.raises(ConfigurationError, match="is an address of another line"):
        read(WHOLE + second.replace('id = "front-desk"', 'id = "other"'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[practice\n", "line 1, column 10"),
        ("[practice]\nname = Lakeside\n", "line 2, column 8"),
        ('[practice]\nname = "a"\nname = "b"\n', "line 3"),
        ("", "practice is missing"),
    ],
)
def test_malformed_text_is_told_with_its_place(text: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        read(text)
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        read_configuration(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes('name = "José"'.encode("latin-1"))
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read_configuration(tmp_path / "latin.toml")


def test_plain_connections_are_for_this_machine() -> None:
    for host in ("localhost", "127.0.0.1", "127.1.2.3", "::1"):
        text = WHOLE.replace("imap.lakeside.example", host).replace(
            'security = "tls"', 'security = "none"'
        )
        assert isinstance(read(text).lines["front-desk"], EmailTable)


def test_a_mark_and_windows_line_ends_do_not_matter() -> None:
    assert read("\ufeff" + WHOLE.replace("\n", "\r\n")).practice == read(WHOLE).practice
