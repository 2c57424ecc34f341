"""Portal lines are read strictly: where they lead, how they know us, whom they speak of."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adapters.portal.settings import BackendServices, Bearer, NoAuth
from inbox.errors import AuthenticationFailed
from tests.tui.config.sample import WHOLE, problems, read
from tui.channels import Abilities, portal_settings
from tui.config.tables import PortalTable

BASE = 'base_url = "https://ehr.example/fhir"'
AUTH = 'auth = { kind = "backend-services", client_id = "c", key_file = "key.pem", kid = "k" }'
HERE = 'base_url = "http://127.0.0.1:9/fhir"'
NONE = 'auth = { kind = "none" }'


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ('base_url = "ehr.example/fhir"', "base_url is not a web address"),
        ('base_url = "https://a:b@ehr.example/fhir"', "base_url is not a web address"),
        ('base_url = "https://ehr.example/fhir?x=1"', "base_url is not a web address"),
        ('base_url = "http://ehr.example/fhir"', "base_url does not begin with https"),
        (f'{BASE}\nreplies = "maybe"', "replies has a value that is not known"),
        (f'{BASE}\nrecipient = "Lakeside"', "recipient is nobody who can be written to"),
        (f'{BASE}\nrecipient = "Patient/1"', "recipient is nobody who can be written to"),
        (f'{BASE}\ntest_patient = "12"', "test_patient is not a patient"),
        (f'{BASE}\ntest_patient = "Practitioner/1"', "test_patient is not a patient"),
        (f"{BASE}\npage_size = 0", "page_size is not the size of a page"),
        (f"{BASE}\npage_size = 1001", "page_size is not the size of a page"),
        (f'{BASE}\npatient_query = "category"', "patient_query holds no search parameters"),
        (f'{BASE}\npatient_query = "?a=b"', "patient_query holds no search parameters"),
        (f'{BASE}\npatient_query = "_count=9"', "patient_query holds what Twoway asks for"),
        (f'{BASE}\npatient_qery = "a=b"', "patient_qery is not a known key"),
    ],
)
def test_what_a_portal_line_may_not_say(new: str, said: str) -> None:
    assert any(said in sentence for sentence, _ in problems(BASE, new))


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (NONE, 'auth.kind is "none", which is for this machine only'),
        ('auth = { kind = "basic" }', "auth.kind has a value that is not known"),
        ('auth = { kind = "bearer", token = "abc" }', "token may not be written in the file"),
        (AUTH.replace('"key.pem"', '"-----BEGIN PRIVATE KEY"'), "key_file holds the key itself"),
        (AUTH.replace('kid = "k"', 'kid = "k", token_url = "http://x.example"'), "token_url is"),
    ],
)
def test_what_auth_may_not_say(new: str, said: str) -> None:
    found = problems(AUTH, new)
    assert any(said in sentence for sentence, _ in found)
    assert not any("abc" in sentence + hint for sentence, hint in found)


def settings(text: str = WHOLE) -> Any:
    configuration = read(text)
    table = configuration.lines["portal"]
    assert isinstance(table, PortalTable)
    return portal_settings(configuration, table)


def test_the_adapter_is_told_what_stands_there() -> None:
    text = WHOLE.replace(
        BASE,
        f'{BASE}\nreplies = "no"\nrecipient = "Organization/1"\ntest_patient = "Patient/12"\n'
        'page_size = 20\npatient_query = "category=a&sender:missing=false"',
    )
    made = settings(text)
    assert made.base_url == "https://ehr.example/fhir"
    assert (made.sender, made.page_size) == ("Organization/1", 20)
    assert made.query == (("category", "a"), ("sender:missing", "false"))
    assert made.answerable is False
    assert isinstance(made.auth, BackendServices)
    assert (made.auth.client_id, made.auth.kid) == ("c", "k")
    assert str(made.timezone) == "America/Chicago"
    assert settings().answerable is None


def test_a_key_that_cannot_be_had_is_trouble_of_its_line() -> None:
    with pytest.raises(AuthenticationFailed) as caught:
        settings().auth.key()
    assert "The key of “portal” (/etc/key.pem) cannot be read" in caught.value.sentence
    assert "twoway setup" in caught.value.hint


def test_a_key_that_everybody_can_read_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.write_text("-----BEGIN PRIVATE KEY")
    path.chmod(0o644)
    configuration = replace(read(WHOLE), path=tmp_path / "practice.toml")
    table = configuration.lines["portal"]
    assert isinstance(table, PortalTable)
    made = portal_settings(configuration, table)
    assert isinstance(made.auth, BackendServices)
    with pytest.raises(AuthenticationFailed, match="can be read by everybody"):
        made.auth.key()
    path.chmod(0o600)
    assert made.auth.key().startswith("-----BEGIN")


def test_a_token_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = settings(WHOLE.replace(AUTH, 'auth = { kind = "bearer", token = { env = "P_TOKEN" } }'))
    assert isinstance(made.auth, Bearer)
    with pytest.raises(AuthenticationFailed, match="P_TOKEN"):
        made.auth.token()
    monkeypatch.setenv("P_TOKEN", "t0k3n")
    assert made.auth.token() == "t0k3n"


def test_on_this_machine_nobody_need_log_in() -> None:
    made = settings(WHOLE.replace(BASE, HERE).replace(AUTH, NONE))
    assert isinstance(made.auth, NoAuth)
    assert made.poll < settings().poll


@pytest.mark.parametrize(("word", "answerable"), [("yes", True), ("no", False), ("unknown", None)])
def test_what_is_known_before_the_adapter_is_loaded(word: str, answerable: bool | None) -> None:
    text = WHOLE.replace(BASE, f'{BASE}\nreplies = "{word}"\ntest_patient = "Patient/12"')
    can = Abilities(read(text), {})["portal"]
    assert can.answerable is answerable
    assert can.proves_itself
    assert can.attachments
    assert not Abilities(read(WHOLE), {})["portal"].proves_itself
