"""The questions of the first set-up about texts and calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from inbox.errors import TwowayError
from inbox.number import number_words
from tui.config.accounts import ACCOUNT
from tui.config.reading import Configuration, is_mail_address
from tui.config.tables import SmsTable
from tui.setup.asking import Asker
from tui.setup.draft import NumberAnswer, ServiceAnswer, SetupDraft
from tui.setup.naming import identifier, wrong_id
from tui.setup.secrets import ask_secret

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z")
_KEY: Final = re.compile(r"SK[0-9a-fA-F]{32}\Z")


class TelephoneQuestions:
    """Asks for a text number, the phones, direct lines and the answering service."""

    def __init__(
        self,
        ask: Asker,
        draft: SetupDraft,
        folder: Path,
        known: Configuration | None,
        *,
        taken: Callable[[], set[str]],
        test: Callable[[str], TwowayError | None],
    ) -> None:
        """Ask, and put the answers into `draft`.

        Args:
            ask: Who is asked.
            draft: What was answered so far.
            folder: That of the configuration.
            known: The configuration that is there and is added to.
            taken: Gives the ids of lines that are in use.
            test: Reads and inspects a line, and texts it from another where there is one; gives
                what went wrong, or None.
        """
        self._ask = ask
        self._draft = draft
        self._folder = folder
        self._known = known
        self._taken = taken
        self._test = test

    def run(self) -> None:
        """All of it."""
        number = 1
        while self._ask.yes(
            f"texts_{number}",
            "A Twilio number for texts" if number == 1 else "Another number for texts",
            default=number == 1,
        ):
            self._texts(f"texts_{number}_")
            number += 1
        self._phone()
        self._direct_lines()
        if self._known is None or self._known.practice.answering_service is None:
            self._service()

    # ------------------------------------------------------------ texts

    def _texts(self, key: str) -> None:
        self._ask.tell("\nThe number that patients text; they see it and text back to it.")
        number = self._number(f"{key}number", "Number, like +15550107788")
        name = self._ask.text(f"{key}name", "Name beside it (empty: none)", "")
        line = NumberAnswer(self._id(key, "texts"), "sms", number, name)
        line = replace(line, account=self._account(key, line.id))
        self._settle(key, line, "It works: it can be texted, and answers are read.")

    def _account(
        self, key: str, line_id: str, before: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """The account with its secret; what was said `before` is offered again."""
        ask, before = self._ask, before or {}
        sid = ask.text(
            f"{key}account_sid",
            "Account SID, from Twilio's console",
            before.get("account_sid") or self._sid(),
            _wrong_sid,
        )
        found: dict[str, Any] = {"account_sid": sid}
        ask.tell("  An API key can be taken back alone; the account's own token cannot.")
        api_key = ask.text(
            f"{key}api_key", "SID of an API key (empty: the account's token)", "", _wrong_key
        )
        if api_key:
            found["api_key"] = api_key
            found["api_secret"] = self._secret(f"{key}api_secret", "API secret", line_id)
        else:
            found["auth_token"] = self._secret(f"{key}auth_token", "auth token", line_id)
        base_url = ask.preset(f"{key}base_url") or before.get("base_url")
        if base_url:
            found["base_url"] = base_url
        return found

    def _secret(self, key: str, name: str, line_id: str) -> dict[str, object]:
        return ask_secret(self._ask, key, name, line_id, self._folder)

    def _sid(self) -> str | None:
        """The account of an earlier text line, to be offered again."""
        for line in reversed(self._draft.lines):
            if isinstance(line, NumberAnswer) and line.account:
                return str(line.account["account_sid"])
        known = self._known.lines.values() if self._known else ()
        return next((one.account_sid for one in known if isinstance(one, SmsTable)), None)

    # ------------------------------------------------------------ calls

    def _phone(self) -> None:
        ask = self._ask
        ask.tell("\nThe number that patients call back.")
        kind = ask.choice(
            "phone",
            "How are calls made",
            {
                "manual": "by hand on the desk phone, and logged here",
                "twilio": "from here: it rings your phone first, then theirs",
                "none": "not at all; calls cannot be logged then",
            },
            "manual",
        )
        if kind == "none":
            return
        number = self._number(
            "phone_number",
            "Number, like +15550107700",
            self._text_number() if kind == "twilio" else None,
        )
        name = ask.text("phone_name", "Name beside it (empty: none)", "")
        line = NumberAnswer(self._id("phone_", "main-phone"), "phone", number, name, provider=kind)
        if kind == "manual":
            self._draft.lines.append(line)
            ask.tell(f"  Calls to and from {number_words(number)} are logged by hand.")
            return
        desk = self._number(
            "phone_desk", "Phone here that rings first (empty: everybody's direct line)", ""
        )
        account = {} if self._sid() else self._account("phone_", line.id)
        line = replace(line, desk=desk, account=account)
        self._settle("phone_", line, "It works: calls are read, and it can be called back.")

    def _text_number(self) -> str | None:
        numbers = [
            line.number
            for line in self._draft.lines
            if isinstance(line, NumberAnswer) and line.channel == "sms"
        ]
        return numbers[0] if numbers else None

    def _direct_lines(self) -> None:
        """A number for each of the staff that rings on their desk."""
        self._ask.tell("\nDirect lines: what patients can be told to call back, past the menu.")
        known = self._known.practice.staff if self._known else ()
        people = [(member.id, member.name, member.direct_line) for member in known]
        people += [(member.id, member.name, "") for member in self._draft.staff]
        for staff_id, name, direct in people:
            said = self._number(
                f"direct_line_{staff_id}", f"Direct line of {name} (empty: none)", direct
            )
            if said and said != direct:
                self._draft.direct_lines[staff_id] = said

    # ------------------------------------------------------------ when nobody is there

    def _service(self) -> None:
        ask = self._ask
        if not ask.yes(
            "answering_service", "\nDoes an answering service take calls when nobody is there",
            default=False,
        ):  # fmt: skip
            return
        number = self._number("answering_service_number", "Its number, as patients reach it")
        takes = ask.yes("answering_service_takes_messages", "Does it take messages", default=True)
        way = ask.choice(
            "heads_up",
            "How is it told to expect a call",
            {
                "sms": "by text",
                "email": "by e-mail",
                "phone": "you call it",
                "none": "not at all; then a patient cannot be referred to it",
            },
            "phone",
        )
        heads_up: dict[str, Any] = {}
        if way == "email":
            to = ask.text("heads_up_to", "Its e-mail address", None, _wrong_mail)
            heads_up = {"channel": way, "to": to}
        elif way != "none":
            heads_up = {"channel": way, "to": self._number("heads_up_to", "Number of its desk")}
        self._draft.answering_service = ServiceAnswer(number, takes, heads_up)

    # ------------------------------------------------------------ inside

    def _number(self, key: str, question: str, default: str | None = None) -> str:
        """A phone number as people write it, in E.164."""
        country = self._known.practice.country if self._known else self._draft.country
        return plain_number(
            self._ask.text(key, question, default, partial(_wrong_number, country=country)), country
        )

    def _id(self, key: str, like: str) -> str:
        taken = self._taken()
        return self._ask.text(
            f"{key}id",
            "Short name of this line",
            identifier(like, taken),
            partial(wrong_id, taken=taken),
        )

    def _settle(self, key: str, line: NumberAnswer, well: str) -> None:
        """Keep a line of Twilio's, tested when the person wants it."""
        ask, draft = self._ask, self._draft
        while True:
            draft.lines.append(line)
            if not ask.yes(f"{key}test", "Test it now", default=True):
                draft.untested.append(line.id)
                return
            error = self._test(line.id)
            if error is None:
                ask.tell(well)
                return
            ask.tell(f"  NOT WELL: {error.sentence}")
            ask.tell(f"  {error.hint}" if error.hint else "")
            if not ask.asks:
                raise error
            again = ask.choice(
                f"{key}again",
                "What now",
                {
                    "again": "try once more",
                    "account": "give another account or secret",
                    "number": "give another number",
                    "keep": "go on with it as it is; nothing is sent from it until it is proven",
                },
                "again",
            )
            if again == "keep":
                draft.untested.append(line.id)
                return
            draft.lines.pop()
            if again == "account":
                line = replace(line, account=self._account(key, line.id, line.account))
            elif again == "number":
                line = replace(line, number=self._number(f"{key}number", "Number", line.number))


def plain_number(text: str, country: str) -> str:
    """A number in E.164; in North America the country code may be missing."""
    digits = re.sub(r"[\s().-]", "", text)
    if country in {"US", "CA"} and re.fullmatch(r"[2-9][0-9]{9}", digits):
        return f"+1{digits}"
    return digits


def _wrong_number(text: str, country: str) -> str:
    if _NUMBER.match(plain_number(text, country)):
        return ""
    return "Write it with + and the country code, like +15550107788."


def _wrong_sid(text: str) -> str:
    return "" if ACCOUNT.match(text) else "It begins with AC and has 32 more characters."


def _wrong_key(text: str) -> str:
    return "" if _KEY.match(text) else "It begins with SK and has 32 more characters."


def _wrong_mail(text: str) -> str:
    return "" if is_mail_address(text) else "That is not an e-mail address."
