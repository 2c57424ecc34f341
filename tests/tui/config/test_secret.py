"""Secrets come from where the configuration says, and never show in an error."""

from __future__ import annotations

import sys
import types
from pathlib import Path

import pytest

from inbox.errors import ConfigurationError
from tui import secret
from tui.secret import CommandSecret, EnvironmentSecret, FileSecret, KeyringSecret, split_command

PYTHON = sys.executable


def test_a_command_gives_its_first_line() -> None:
    words = (PYTHON, "-c", "print('s3cret'); print('user: dana')")
    assert CommandSecret(words, "front-desk").read() == "s3cret"


def test_no_shell_looks_at_a_command(tmp_path: Path) -> None:
    marker = tmp_path / "made"
    words = split_command(f"{PYTHON} -c 'import sys; print(sys.argv[1])' '$(touch {marker}); x'")
    assert CommandSecret(words, "front-desk").read() == f"$(touch {marker}); x"
    assert not marker.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((PYTHON, "-c", "import sys; print('hunter2', file=sys.stderr); sys.exit(3)"), "status 3"),
        ((PYTHON, "-c", "pass"), "printed nothing"),
        (("/no/such/program",), "not installed"),
        ((str(Path(__file__)),), "could not be started"),
    ],
)
def test_a_command_that_fails_is_told_without_its_words(words: tuple[str, ...], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        CommandSecret(words, "front-desk").read()
    assert "front-desk" in caught.value.sentence
    assert "hunter2" not in str(caught.value)
    assert caught.value.hint


def test_a_command_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secret, "COMMAND_SECONDS", 0.2)
    with pytest.raises(ConfigurationError, match="did not end"):
        CommandSecret((PYTHON, "-c", "import time; time.sleep(60)"), "front-desk").read()


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    named = EnvironmentSecret("TWOWAY_TEST_SECRET", "front-desk")
    with pytest.raises(ConfigurationError, match=r"TWOWAY_TEST_SECRET.*is not set"):
        named.read()
    monkeypatch.setenv("TWOWAY_TEST_SECRET", "s3cret")
    assert named.read() == "s3cret"


def test_a_file_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "front desk.password"
    named = FileSecret(path, "front-desk")
    with pytest.raises(ConfigurationError, match="No such file"):
        named.read()
    path.write_text("s3cret\n")
    path.chmod(0o644)
    with pytest.raises(ConfigurationError, match="everybody") as caught:
        named.read()
    assert caught.value.hint == f"Run: chmod 600 '{path}'"
    path.chmod(0o600)
    assert named.read() == "s3cret"
    path.write_text("")
    with pytest.raises(ConfigurationError, match="is empty"):
        named.read()


class Backend:
    """Stands for a backend of the keyring package, which is an optional part."""

    def __init__(self, module: str) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        type(self).__module__ = module

    def get_password(self, service: str, user: str) -> str | None:
        return self.entries.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self.entries[service, user] = password


def install(monkeypatch: pytest.MonkeyPatch, backend: Backend) -> None:
    module = types.ModuleType("keyring")
    module.get_keyring = lambda: backend  # type: ignore[attr-defined] # a module made by hand
    module.get_password = backend.get_password  # type: ignore[attr-defined] # same
    module.set_password = backend.set_password  # type: ignore[attr-defined] # same
    monkeypatch.setitem(sys.modules, "keyring", module)


def test_the_keyring_keeps_what_it_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, Backend("keyring.backends.SecretService"))
    with pytest.raises(ConfigurationError, match="holds no password"):
        KeyringSecret("front-desk").read()
    KeyringSecret("front-desk").write("s3cret")
    assert KeyringSecret("front-desk").read() == "s3cret"


@pytest.mark.parametrize(
    ("module", "said"),
    [("keyring.backends.fail", "no usable keyring"), ("keyrings.alt.file", "plain files")],
)
def test_a_keyring_that_keeps_no_secrets_is_refused(
    monkeypatch: pytest.MonkeyPatch, module: str, said: str
) -> None:
    install(monkeypatch, Backend(module))
    with pytest.raises(ConfigurationError, match=said):
        KeyringSecret("front-desk").read()


def test_without_the_optional_part_the_way_to_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigurationError, match="not installed") as caught:
        KeyringSecret("front-desk").read()
    assert "twoway[keyring]" in caught.value.hint
