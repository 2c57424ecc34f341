"""Questions on a plain terminal: one line each, a default in brackets, nothing full-screen.

Answers can come from a file instead; every answer but secrets is kept, so that a set-up that was
interrupted goes on where it was.
"""

from __future__ import annotations

import getpass
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from inbox.errors import ConfigurationError
from inbox.plain import plain_line

Check = Callable[[str], str]
"""Says what is wrong with an answer; empty when nothing is."""


class Unanswered(ConfigurationError):
    """The answers ended before the questions did."""


class Asker:
    """Asks a person, or looks answers up."""

    def __init__(self, answers: Mapping[str, str], *, only: bool = False) -> None:
        """Take answers that are known.

        Args:
            answers: By the question's id.
            only: Never ask: what is not answered takes its default, or is an error.
        """
        self._answers = dict(answers)
        self._only = only
        self.given: dict[str, str] = {}
        """What was answered, without secrets."""

    @property
    def asks(self) -> bool:
        """Whether there is somebody to ask again."""
        return not self._only

    def tell(self, text: str = "") -> None:
        """Say something."""
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def text(
        self, key: str, question: str, default: str | None = None, check: Check | None = None
    ) -> str:
        """Ask for a line of text.

        Args:
            key: The question's id, for answers from a file.
            question: Without punctuation at its end.
            default: What an empty answer means; None asks again.
            check: Says what is wrong with an answer.

        Raises:
            Unanswered: nobody is there to answer.
        """
        known = self._answers.pop(key, None)
        while True:
            if self._only:
                answer = known if known is not None else default
                if answer is None:
                    raise Unanswered(
                        f"There is no answer to “{question}”.", f"Put {key} into the answers file."
                    )
            else:
                offered = known if known is not None else default
                shown = f" [{offered}]" if offered else ""
                answer = self._line(f"{question}{shown}: ").strip() or (offered or "")
            answer = plain_line(answer)
            wrong = check(answer) if check is not None and answer else ""
            if not answer and default is None and not wrong:
                wrong = "Something must stand here."
            if not wrong:
                self.given[key] = answer
                return answer
            if self._only:
                raise Unanswered(f"{key}: {wrong}", "Correct it in the answers file.")
            known = None
            self.tell(f"  {wrong}")

    def preset(self, key: str) -> str:
        """What an answers file says of something nobody is asked; empty: nothing."""
        answer = self._answers.pop(key, "")
        if answer:
            self.given[key] = answer
        return answer

    def yes(self, key: str, question: str, *, default: bool) -> bool:
        """Ask for yes or no."""

        def check(answer: str) -> str:
            good = answer.lower() in {"y", "yes", "n", "no", "true", "false"}
            return "" if good else "Answer y or n."

        answer = self.text(key, f"{question} (y/n)", "y" if default else "n", check)
        return answer.lower() in {"y", "yes", "true"}

    def choice(self, key: str, question: str, choices: Mapping[str, str], default: str) -> str:
        """Ask for one of several words, each with what it means."""
        if not self._only:
            self.tell(f"{question}:")
            for word, meaning in choices.items():
                self.tell(f"  {word:<9} {meaning}")
        known = ", ".join(choices)
        return self.text(
            key,
            "Which one",
            default,
            lambda answer: "" if answer in choices else f"Answer one of: {known}.",
        )

    def secret(self, key: str, question: str) -> str:
        """Ask for a secret; it is not shown, not kept, and never read from the answers file.

        Raises:
            Unanswered: nobody is there to answer.
        """
        if self._only:
            raise Unanswered(
                f"“{question}” can only be typed.", f"Choose another {key}: env, command or file."
            )
        while True:
            if sys.stdin.isatty():
                answer = getpass.getpass(f"{question} (not shown): ")
            else:
                answer = self._line(f"{question}: ")
            if answer:
                return answer
            self.tell("  Something must stand here.")

    def _line(self, prompt: str) -> str:
        sys.stdout.write(prompt)
        sys.stdout.flush()
        line = sys.stdin.readline()
        if not line:
            raise Unanswered("The set-up was not finished.", "Run `twoway setup` again.")
        return line.rstrip("\r\n")


def read_answers(path: Path) -> dict[str, str]:
    """Answers from a TOML file of plain keys and values.

    Raises:
        ConfigurationError: it cannot be read.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"The answers in {path} cannot be read ({type(error).__name__}).",
            'Write one key = "value" a line.',
        ) from None
    answers = {}
    for key, value in data.items():
        if isinstance(value, dict | list):
            raise ConfigurationError(f"{key} in {path} is not a plain value.", 'key = "value"')
        answers[key] = str(value).lower() if isinstance(value, bool) else str(value)
    return answers
