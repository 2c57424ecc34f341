"""The first set-up on this machine's servers: asks, tests both ways, writes, loses nothing."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from demo.imap import ImapServer
from demo.smtp import SmtpServer
from demo.world import MailWorld, Treatment
from tests.clock import FakeClock
from tests.demo.fixtures import mail_world, server_tls, tls_authority
from tui.cli import main
from tui.config.reading import read_configuration
from tui.config.tables import EmailTable
from tui.setup import providers
from tui.setup.place import guess_country, guess_zone

__all__ = ["mail_world", "server_tls", "tls_authority"]

ADDRESS = "desk@lakeside.example"


@pytest.fixture
def world(mail_world: MailWorld) -> MailWorld:
    mail_world.add_user("desk", "s3cret", ADDRESS)
    return mail_world


@pytest.fixture
def home(fresh_home: Path) -> Path:
    return fresh_home


class Typing:
    """Somebody who answers questions; what they typed is gone when they stop."""

    def __init__(self, patch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._patch = patch
        self._capsys = capsys

    def __call__(
        self, *lines: str, arguments: tuple[str, ...] = ("setup",)
    ) -> tuple[int, str, str]:
        self._patch.setattr("sys.stdin", io.StringIO("".join(f"{line}\n" for line in lines)))
        status = main(list(arguments))
        out, err = self._capsys.readouterr()
        return status, out, err


@pytest.fixture
def typing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typing:
    monkeypatch.setenv("TZ", "America/Chicago")
    return Typing(monkeypatch, capsys)


PRACTICE = ("Lakeside Family Practice", "", "US", "", "")
STAFF = ("Dana Reyes", "", "", "n")
NO_MORE = ("n", "n", "n")
"""No other address, no telephone, no portal."""


def servers(world: MailWorld, password: str = "s3cret") -> tuple[str, ...]:
    """Answers about the line, with its password in a file."""
    return (
        "127.0.0.1", "none", str(world.imap.port), "127.0.0.1", "none", str(world.smtp.port),
        "desk", "", "file", "", password,
    )  # fmt: skip


LINE = (ADDRESS, "", "")


def test_from_nothing_to_a_proven_line(typing: Typing, world: MailWorld, home: Path) -> None:
    status, out, err = typing(*PRACTICE, *STAFF, *LINE, *servers(world), "y", *NO_MORE)
    assert (status, err) == (0, "")
    assert "Sending a test message" in out
    assert "It works" in out
    assert "s3cret" not in out
    path = home / "config" / "twoway" / "practice.toml"
    assert path.stat().st_mode & 0o777 == 0o600
    configuration = read_configuration(path)
    assert configuration.practice.name == "Lakeside Family Practice"
    assert configuration.practice.timezone.key == "America/Chicago"
    assert [member.id for member in configuration.practice.staff] == ["dana"]
    table = configuration.lines["desk"]
    assert isinstance(table, EmailTable)
    assert configuration.secret(table.password, "desk").read() == "s3cret"
    assert (path.parent / "desk.password").stat().st_mode & 0o777 == 0o600
    assert "s3cret" not in path.read_text()
    # The proof was kept: the next command begins with it.
    assert main(["lint", "--channel", "email", "--text", "Hi."]) == 0


def test_a_wrong_password_is_told_and_given_again(
    typing: Typing, world: MailWorld, home: Path
) -> None:
    status, out, _ = typing(
        *PRACTICE, *STAFF, *LINE, *servers(world, "hunter2"), "y",
        "password", "file", "", "y", "s3cret", "y", *NO_MORE,
    )  # fmt: skip
    assert status == 0
    assert "NOT WELL" in out
    assert "password" in out.split("NOT WELL")[1].splitlines()[0]
    assert "hunter2" not in out
    assert "It works" in out
    assert "desk" in read_configuration(home / "config" / "twoway" / "practice.toml").lines


def test_a_line_that_swallows_its_mail_can_be_kept_but_is_said(
    typing: Typing, world: MailWorld, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.backoffice import BackOffice

    whole = BackOffice.prove

    async def impatient(self: BackOffice, line_id: str, step: Callable[[str], None]) -> object:
        return await whole(self, line_id, step, patience=0.3)

    monkeypatch.setattr(BackOffice, "prove", impatient)
    world.treat(ADDRESS, Treatment(discard=True))
    status, out, _ = typing(*PRACTICE, *STAFF, *LINE, *servers(world), "y", "keep", *NO_MORE)
    assert status == 1
    assert "has not come home" in out
    assert "Not proven yet: desk" in out
    assert "desk" in read_configuration(home / "config" / "twoway" / "practice.toml").lines


def test_bad_answers_are_asked_again(typing: Typing, world: MailWorld) -> None:
    status, out, _ = typing(
        "", "Lakeside", "Chicgo/America", "America/Chicago", "USA", "US", "lakeside", "",
        "9 to 5", "09:00-17:00", *STAFF, "noreply@lakeside.example", "desk", ADDRESS, "", "a b",
        "desk", *servers(world), "y", *NO_MORE,
    )  # fmt: skip
    assert status == 0, out
    for said in (
        "Something must stand here",
        "Expected a name like",
        "Two letters",
        "https://",
        "not a span",
        "Nobody reads answers",
        "not an e-mail address",
        "Letters, digits",
    ):
        assert said in out, said


def test_answers_survive_an_end_in_the_middle(typing: Typing, world: MailWorld, home: Path) -> None:
    status, _, err = typing(*PRACTICE, *STAFF, ADDRESS)
    assert status == 1
    folder = home / "config" / "twoway"
    assert not (folder / "practice.toml").exists()
    kept = folder / "setup-answers.toml"
    assert kept.name in err
    assert tomllib.loads(kept.read_text())["practice_name"] == "Lakeside Family Practice"
    status, out, _ = typing(*[""] * 9, *LINE, *servers(world), "y", *NO_MORE)
    assert status == 0, out
    assert read_configuration(folder / "practice.toml").practice.name == PRACTICE[0]
    assert not kept.exists()


def test_another_line_joins_a_file_whose_comments_stay(
    typing: Typing, world: MailWorld, home: Path
) -> None:
    typing(*PRACTICE, *STAFF, *LINE, *servers(world), "y", *NO_MORE)
    path = home / "config" / "twoway" / "practice.toml"
    text = path.read_text().replace("[practice]", "# ours since 1990\n[practice]", 1)
    path.write_text(text)
    world.add_user("nurse", "n1rse", "nurse@lakeside.example")
    answers = list(servers(world, "n1rse"))
    answers[6] = "nurse"
    status, out, _ = typing("add", "nurse@lakeside.example", "Nurse", "", *answers, "y", "n", "n")
    assert status == 0, out
    after = path.read_text()
    assert after.startswith(text.rstrip("\n"))
    assert list(read_configuration(path).lines) == ["desk", "nurse"]
    olds = list(path.parent.glob("practice.toml.*.old"))
    assert [old.read_text() for old in olds] == [text]


def test_a_present_configuration_is_left_by_default(typing: Typing, home: Path) -> None:
    path = home / "config" / "twoway" / "practice.toml"
    path.parent.mkdir(parents=True)
    path.write_text("# not finished")
    status, out, _ = typing("")
    assert status == 0
    assert "Left as it was" in out
    assert path.read_text() == "# not finished"


@pytest.fixture
def tls_world(server_tls: object, clock: FakeClock) -> Iterator[tuple[ImapServer, SmtpServer]]:
    import ssl

    assert isinstance(server_tls, ssl.SSLContext)
    with (
        ImapServer(security="tls", ssl_context=server_tls) as imap,
        SmtpServer(security="tls", ssl_context=server_tls) as smtp,
    ):
        imap.add_user("desk", "s3cret")
        smtp.add_user("desk", "s3cret")
        yield imap, smtp


def answers_file(path: Path, **more: object) -> Path:
    answers = {
        "practice_name": "Lakeside",
        "timezone": "America/Chicago",
        "country": "US",
        "staff_1_name": "Dana Reyes",
        "line_1_address": ADDRESS,
        "line_1_user": "desk",
        "line_1_password": "env",
        "line_1_password_env": "DESK_PASSWORD",
        **more,
    }
    path.write_text("".join(f'{key} = "{value}"\n' for key, value in answers.items()))
    return path


@pytest.mark.parametrize(
    ("trust", "host", "said"),
    [
        (False, "localhost", "certificate"),
        (False, "imap.nowhere.invalid", "imap.nowhere.invalid"),
    ],
)
def test_without_a_person_trouble_ends_it_and_nothing_is_written(
    typing: Typing,
    tls_world: tuple[ImapServer, SmtpServer],
    tls_authority: trustme.CA,
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    trust: bool,
    host: str,
    said: str,
) -> None:
    imap, smtp = tls_world
    monkeypatch.setenv("DESK_PASSWORD", "s3cret")
    file = answers_file(
        tmp_path / "answers.toml", line_1_imap_host=host, line_1_imap_port=imap.port,
        line_1_smtp_host="localhost", line_1_smtp_port=smtp.port,
    )  # fmt: skip
    status, out, err = typing(arguments=("setup", "--answers", str(file)))
    assert status == 1
    assert said in (out + err).lower()
    assert not (home / "config" / "twoway" / "practice.toml").exists()


def test_answers_from_a_file_need_nobody(
    typing: Typing, world: MailWorld, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESK_PASSWORD", "s3cret")
    file = answers_file(
        tmp_path / "answers.toml", line_1_imap_host="127.0.0.1", line_1_imap_security="none",
        line_1_imap_port=world.imap.port, line_1_smtp_host="127.0.0.1",
        line_1_smtp_security="none", line_1_smtp_port=world.smtp.port,
    )  # fmt: skip
    status, out, err = typing(arguments=("setup", "--answers", str(file)))
    assert (status, err) == (0, ""), out
    assert "desk" in read_configuration(home / "config" / "twoway" / "practice.toml").lines
    short = tmp_path / "short.toml"
    short.write_text('practice_name = "x"\nexisting = "replace"\n')
    status, _, err = typing(arguments=("setup", "--answers", str(short)))
    assert status == 1
    assert "staff_1_name" in err


def test_guesses() -> None:
    gmail = providers.guess("a@gmail.com")
    assert (gmail.imap_host, gmail.save_sent) == ("imap.gmail.com", False)
    assert providers.guess("a@outlook.com").smtp_security == "starttls"
    other = providers.guess("desk@lakeside.example")
    assert (other.imap_host, other.smtp_host) == ("imap.lakeside.example", "smtp.lakeside.example")
    assert not providers.known("desk@lakeside.example")


def test_the_zone_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", ":Europe/Berlin")
    assert guess_zone() == "Europe/Berlin"
    assert guess_country("Europe/Berlin") in {"DE", "US"}
    assert guess_country("Nowhere/Land") == "US"
