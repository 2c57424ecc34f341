"""What the account says of a number: can it text, can it be texted, and where do answers go?"""

from __future__ import annotations

from adapters.phone.connection import MESSAGING, Record, Twilio
from inbox.clock import Clock
from inbox.errors import AuthenticationFailed, ServerRefused
from inbox.inspection import Inspection, Problem

_MOST_SERVICES = 200
_TOLL_FREE = ("+1800", "+1833", "+1844", "+1855", "+1866", "+1877", "+1888")
"""What numbers begin with that are verified by themselves and belong to no campaign."""


def shape_problem(number: str) -> Problem | None:
    """What the form of a sender alone tells: nothing is asked."""
    digits = number.removeprefix("+")
    if not digits.isdigit():
        return Problem(
            "A sender made of letters cannot be answered.",
            "Set the line's number to a phone number of the practice, as +15550107788.",
            deaf=True,
        )
    if len(digits) <= 6:
        return Problem(
            "A short code cannot be called back.",
            "Set the line's number to a phone number of the practice, as +15550107788.",
            deaf=True,
        )
    if not number.startswith("+"):
        return Problem(
            "The line's number has no country code.", "Write it as +15550107788.", deaf=True
        )
    return None


async def inspect_number(
    twilio: Twilio, number: str, clock: Clock, *, voice: bool = False
) -> Inspection:
    """Ask the account about a number.

    Args:
        twilio: The account.
        number: E.164.
        clock: The present moment.
        voice: Look at calls instead of texts.

    Raises:
        ConnectionLost, AuthenticationFailed: nothing can be said now.
    """
    shape = shape_problem(number)
    if shape is not None:
        return Inspection(clock(), (shape,), checked=("the form of the number",))
    url = f"{twilio.root}/IncomingPhoneNumbers.json"
    page = await twilio.page(
        url, "incoming_phone_numbers", {"PhoneNumber": number, "PageSize": "20"}
    )
    record = next((one for one in page.records if one.get("phone_number") == number), None)
    if record is None:
        return Inspection(clock(), (_not_ours(),), checked=("the numbers of the account",))
    if voice:
        return Inspection(clock(), _voice_problems(record), checked=("the number's own set-up",))
    problems = _text_problems(record)
    try:
        service = await _service_of(twilio, number)
    except (ServerRefused, AuthenticationFailed):
        # A restricted API key may read numbers and not services, and of very many services not all
        # are looked at. The line has not failed by that, nor is it proven: a service may throw away
        # what is sent to the number.
        return Inspection(clock(), problems)
    if service is None:
        return Inspection(
            clock(), problems, checked=("the number's own set-up", "the Messaging Services")
        )
    registered = await _registered(twilio, service) if _needs_campaign(number) else None
    problems += _service_problems(service, registered)
    return Inspection(
        clock(),
        tuple(sorted(problems, key=lambda one: not one.deaf)),
        service=str(service.get("friendly_name") or ""),
        registered=registered,
        checked=(
            "the number's own set-up",
            "its Messaging Service",
            *(("its 10DLC campaign",) if registered is not None else ()),
        ),
    )


def _needs_campaign(number: str) -> bool:
    """Whether carriers want the number registered: one of North America that is not toll-free."""
    return number.startswith("+1") and not number.startswith(_TOLL_FREE)


def _not_ours() -> Problem:
    return Problem(
        "The number of this line does not belong to this Twilio account.",
        "Check the number and the account SID of the line.",
        deaf=True,
    )


def _text_problems(record: Record) -> tuple[Problem, ...]:
    if _can(record, "sms"):
        return ()
    return (
        Problem(
            "The number of this line takes no texts.",
            "Choose a number with SMS in Twilio's console.",
            deaf=True,
        ),
    )


def _voice_problems(record: Record) -> tuple[Problem, ...]:
    if not _can(record, "voice"):
        return (
            Problem(
                "The number of this line takes no calls.",
                "Choose a number with Voice in Twilio's console.",
                deaf=True,
            ),
        )
    names = ("voice_url", "voice_application_sid", "trunk_sid")
    if any(record.get(name) for name in names):
        return ()
    return (
        Problem(
            "Nobody picks up: callers to this number hear an error.",
            "Give the number something to do with calls in Twilio's console, e.g. take a message.",
            deaf=True,
        ),
    )


def _service_problems(service: Record, registered: bool | None) -> tuple[Problem, ...]:
    problems: list[Problem] = []
    if not service.get("inbound_request_url") and not service.get("use_inbound_webhook_on_number"):
        problems.append(
            Problem(
                "The number's Messaging Service throws away what patients text back.",
                "In Twilio's console, set the service's integration to `Defer to sender's"
                " webhook`, or take the number out of the service.",
                deaf=True,
            )
        )
    if registered is False:
        problems.append(
            Problem(
                "The number is not registered for texts (10DLC), so carriers refuse them.",
                "Register it in Twilio's console.",
                deaf=False,
            )
        )
    return tuple(problems)


async def _service_of(twilio: Twilio, number: str) -> Record | None:
    """The service a number belongs to; None: it belongs to none, all were looked at.

    Raises:
        ServerRefused: not all could be looked at.
    """
    seen = 0
    async for page in twilio.pages(f"{MESSAGING}/Services", "services", {"PageSize": "50"}):
        for service in page.records:
            seen += 1
            if seen > _MOST_SERVICES:
                raise ServerRefused("The account has too many Messaging Services.", "")
            name = str(service.get("sid") or "")
            if not name.isalnum():
                continue
            url = f"{MESSAGING}/Services/{name}/PhoneNumbers"
            async for members in twilio.pages(url, "phone_numbers", {"PageSize": "50"}):
                if any(one.get("phone_number") == number for one in members.records):
                    return service
    return None


async def _registered(twilio: Twilio, service: Record) -> bool | None:
    """Whether the campaign of a service is verified."""
    url = f"{MESSAGING}/Services/{service.get('sid')}/Compliance/Usa2p"
    try:
        page = await twilio.page(url, "compliance", {"PageSize": "50"})
    except (ServerRefused, AuthenticationFailed):
        said = service.get("us_app_to_person_registered")
        return said if isinstance(said, bool) else None
    return any(one.get("campaign_status") == "VERIFIED" for one in page.records)


def _can(record: Record, what: str) -> bool:
    capabilities = record.get("capabilities")
    return isinstance(capabilities, dict) and capabilities.get(what) is True
