"""A portal is set up: its key pair made, the vendor told, the portal read and proven."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from demo.portal.lakeside import Portal
from tui.cli import main
from tui.config.reading import read_configuration
from tui.config.tables import BackendServicesTable, BearerTable, PortalTable

MAIL = """\
[practice]
name = "Lakeside Family Practice"
timezone = "America/Chicago"
[hours]
[[staff]]
id = "dana"
name = "Dana Reyes"
[[line]]
id = "main-phone"   # on the desk
channel = "phone"
number = "+15550107700"
provider = "manual"
"""
Typed = tuple[int, str, str]
Typing = Callable[..., Typed]


@pytest.fixture
def portal() -> Iterator[Portal]:
    with Portal(quick=True, quiet=True) as made:
        yield made


@pytest.fixture
def path(fresh_home: Path) -> Path:
    where = fresh_home / "config" / "twoway" / "practice.toml"
    where.parent.mkdir(parents=True)
    where.write_text(MAIL)
    return where


@pytest.fixture
def typing(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Typing:
    def run(*lines: str, arguments: tuple[str, ...] = ("setup",)) -> Typed:
        monkeypatch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        status = main(list(arguments))
        out, err = capsys.readouterr()
        return status, out, err

    return run


@pytest.mark.parametrize("kind", ["RS384", "ES384"])
def test_a_key_is_made_and_opens_the_portal(
    typing: Typing, path: Path, portal: Portal, kind: str
) -> None:
    # The first run makes the key, and is left where the vendor has to be asked.
    start = ("portal", "Lakeside portal", "", portal.server.base_url, "backend", "", kind, "")
    status, out, _ = typing(*start)
    assert status == 1
    secret, public = path.parent / "portal-key.pem", path.parent / "portal.jwks.json"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert secret.read_text().startswith("-----BEGIN PRIVATE KEY")
    assert str(public) in out
    assert "PRIVATE KEY" not in out
    keys = json.loads(public.read_text())
    assert keys["keys"][0]["alg"] == kind
    # The vendor registers it; the set-up goes on with the answers that were kept.
    portal.server.guard.asks = "backend"
    portal.server.guard.clients["twoway"] = keys
    status, out, err = typing(
        "portal", "", "", "", "", "", "", "twoway", "unknown", "Organization/1", "", "y",
    )  # fmt: skip
    assert (status, err) == (0, ""), out
    assert "It works" in out
    after = path.read_text()
    assert after.startswith(MAIL.rstrip("\n"))
    table = read_configuration(path).lines["portal"]
    assert isinstance(table, PortalTable)
    assert isinstance(table.auth, BackendServicesTable)
    assert (table.auth.client_id, table.auth.kid) == ("twoway", keys["keys"][0]["kid"])
    assert (table.replies, table.recipient) == ("unknown", "Organization/1")


def test_a_wrong_token_is_told_and_another_way_taken(
    typing: Typing, path: Path, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    [good] = portal.server.guard.secrets
    monkeypatch.setenv("OLD_TOKEN", "0ld")
    monkeypatch.setenv("NEW_TOKEN", good)
    status, out, _ = typing(
        "portal", "", "", portal.server.base_url, "bearer", "env", "OLD_TOKEN", "yes", "", "", "y",
        "auth", "bearer", "env", "NEW_TOKEN", "y",
    )  # fmt: skip
    assert status == 0, out
    assert "NOT WELL" in out
    table = read_configuration(path).lines["portal"]
    assert isinstance(table, PortalTable)
    assert isinstance(table.auth, BearerTable)
    assert table.auth.token.env == "NEW_TOKEN"
    assert table.replies == "yes"


def test_bad_answers_are_asked_again(typing: Typing, path: Path) -> None:
    status, out, _ = typing(
        "portal", "", "main-phone", "", "ehr.example", "http://ehr.example", "https://ehr.example/fhir",
        "none", "backend", "", "RSA", "ES384", "", "", "maybe", "no", "Lakeside", "", "Group/1", "",
    )  # fmt: skip
    assert status == 1, out
    for said in (
        "It is taken already",
        "Expected a web address",
        "It must begin with https",
        "Answer one of: backend, bearer",
        "Answer one of: RS384, ES384",
        "Answer one of: unknown, yes, no",
        "Expected one like Organization/1",
        "Expected one like Patient/12",
        "not-given-yet",
        "cannot be tested before the vendor has given you the client id",
        "Not proven yet: portal",
    ):
        assert said in out, said
    assert "NOT WELL" not in out
    assert read_configuration(path).lines["portal"].id == "portal"


# ---------------------------------------------------------------- twoway doctor --portal-key

LINE = """
[[line]]
id = "portal"
channel = "portal"
base_url = "https://ehr.example/fhir"
auth = { kind = "backend-services", client_id = "c", key_file = "key.pem", kid = "lakeside-1" }
"""


def test_the_doctor_makes_a_key_once_and_shows_it_again(typing: Typing, path: Path) -> None:
    path.write_text(MAIL + LINE)
    ask = ("doctor", "--portal-key", "--key-kind", "ES384")
    status, out, err = typing(arguments=ask)
    assert status == 0
    assert "Made a key" in err
    [public] = json.loads(out)["keys"]
    assert (public["kid"], public["crv"]) == ("lakeside-1", "P-384")
    secret = path.parent / "key.pem"
    assert secret.stat().st_mode & 0o777 == 0o600
    kept = secret.read_text()
    status, again, err = typing(arguments=("doctor", "--portal-key", "portal", "--json"))
    assert (status, json.loads(again)) == (0, json.loads(out))
    assert "Made" not in err
    assert secret.read_text() == kept


@pytest.mark.parametrize(
    ("more", "name", "said"),
    [
        ("", "", "No portal line says who it is with a key"),
        (LINE, "main-phone", "“main-phone” is no portal line with a key"),
        (
            LINE + LINE.replace('"portal"', '"second"', 1).replace("ehr.", "two."),
            "",
            "Which portal",
        ),
    ],
)
def test_which_line_it_is_must_be_clear(
    typing: Typing, path: Path, more: str, name: str, said: str
) -> None:
    path.write_text(MAIL + more)
    status, _, err = typing(arguments=("doctor", "--portal-key", *([name] if name else [])))
    assert status == 1
    assert said in err


def test_a_file_that_is_no_key_is_left_alone(typing: Typing, path: Path) -> None:
    path.write_text(MAIL + LINE)
    secret = path.parent / "key.pem"
    secret.write_text("my notes")
    secret.chmod(0o600)
    status, _, err = typing(arguments=("doctor", "--portal-key"))
    assert status == 1
    assert "private key cannot be read" in err
    assert secret.read_text() == "my notes"
