"""What the API answers: each resource as a function of the account and the request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree as ET

from demo.twilio.account import Account
from demo.twilio.paging import Manners, in_days, page
from demo.twilio.problem import Problem
from demo.twilio.record import Recording
from demo.twilio.render import (
    account_json,
    call_json,
    caller_id_json,
    campaign_json,
    file_json,
    number_json,
    recording_json,
    root,
    service_json,
    service_number_json,
    text_json,
    transcription_json,
)
from demo.twilio.sound import silence, tone


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    account: Account
    manners: Manners
    path: str
    query: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered: an object, or bytes, or the way to another host."""

    status: int = 200
    json: dict[str, Any] | None = None
    content: bytes = b""
    content_type: str = "application/json"
    elsewhere: str = ""
    """The path on the other host that has it."""


Handler = Callable[..., Answer]


def show_account(asked: Asked) -> Answer:
    """The account."""
    return Answer(json=account_json(asked.account))


# ---- texts ---------------------------------------------------------------------------------


def list_texts(asked: Asked) -> Answer:
    """Texts, the newest first; those that are not indexed yet are left out."""
    account, query = asked.account, asked.query
    account.settle()
    now = account.now
    found = [
        text
        for text in reversed(account.texts)
        if text.indexed <= now
        and query.get("To", text.to) == text.to
        and query.get("From", text.sender) == text.sender
        and in_days(query, "DateSent", text.sent)
    ]
    found.sort(key=lambda text: text.created, reverse=True)
    return _page(asked, "messages", found, lambda text: text_json(account, text))


def send_text(asked: Asked) -> Answer:
    """Take a text of ours."""
    form, account = asked.form, asked.account
    sender, service_sid = form.get("From", ""), form.get("MessagingServiceSid")
    if not sender and service_sid:
        service = next((one for one in account.services if one.sid == service_sid), None)
        sender = service.numbers[0] if service and service.numbers else ""
    text = account.send(form.get("To", ""), sender, form.get("Body", ""), service_sid)
    return Answer(201, text_json(account, text))


def show_text(asked: Asked, name: str) -> Answer:
    """One text; there even before lists show it."""
    asked.account.settle()
    return Answer(json=text_json(asked.account, asked.account.text(name)))


def change_text(asked: Asked, name: str) -> Answer:
    """Redact a text (an empty body)."""
    text = asked.account.text(name)
    if asked.form.get("Body") == "":
        text.body = ""
    return Answer(json=text_json(asked.account, text))


def list_files(asked: Asked, name: str) -> Answer:
    """The pictures of a text."""
    text = asked.account.text(name)
    return _page(asked, "media_list", text.files, lambda one: file_json(asked.account, text, one))


def show_file(asked: Asked, name: str, file_sid: str, as_json: str) -> Answer:
    """A picture: its description with `.json`, its bytes without."""
    text = asked.account.text(name)
    file = next((one for one in text.files if one.sid == file_sid), None)
    if file is None:
        raise Problem(20404)
    if as_json:
        return Answer(json=file_json(asked.account, text, file))
    if file.hosted == "far":
        return Answer(307, elsewhere=f"/{asked.account.sid}/{file.sid}")
    return Answer(content=file.content, content_type=file.content_type)


# ---- numbers and services ------------------------------------------------------------------


def list_numbers(asked: Asked) -> Answer:
    """The numbers of the account."""
    account = asked.account
    wanted = asked.query.get("PhoneNumber", "")
    found = [one for one in account.numbers.values() if wanted in one.phone_number]
    return _page(asked, "incoming_phone_numbers", found, lambda one: number_json(account, one))


def list_caller_ids(asked: Asked) -> Answer:
    """Numbers outside Twilio that may be shown."""
    account = asked.account
    wanted = asked.query.get("PhoneNumber", "")
    shown = [caller_id_json(account, one) for one in account.caller_ids if wanted in one]
    return _page_of(asked, "outgoing_caller_ids", shown)


def list_services(asked: Asked) -> Answer:
    """The Messaging Services."""
    account = asked.account
    return _meta(asked, "services", [service_json(account, one) for one in account.services])


def show_service(asked: Asked, name: str) -> Answer:
    """One Messaging Service."""
    for service in asked.account.services:
        if service.sid == name:
            return Answer(json=service_json(asked.account, service))
    raise Problem(20404)


def list_service_numbers(asked: Asked, name: str) -> Answer:
    """The numbers of a service."""
    account = asked.account
    for service in account.services:
        if service.sid == name:
            numbers = [account.numbers[one] for one in service.numbers]
            shown = [service_number_json(account, service, one) for one in numbers]
            return _meta(asked, "phone_numbers", shown)
    raise Problem(20404)


def list_campaigns(asked: Asked, name: str) -> Answer:
    """The 10DLC campaign of a service, if it has one."""
    for service in asked.account.services:
        if service.sid == name:
            shown = [campaign_json(asked.account, service)] if service.campaign else []
            return _meta(asked, "compliance", shown)
    raise Problem(20404)


# ---- calls ---------------------------------------------------------------------------------


def list_calls(asked: Asked) -> Answer:
    """Legs of calls, the newest first."""
    account, query = asked.account, asked.query
    now = account.now
    found = [
        call
        for call in reversed(account.calls)
        if (call.indexed or call.created) <= now
        and query.get("To", call.to) == call.to
        and query.get("From", call.sender) == call.sender
        and query.get("Status", call.status(now)) == call.status(now)
        and query.get("ParentCallSid", call.parent) == call.parent
        and in_days(query, "StartTime", call.created)
    ]
    found.sort(key=lambda call: call.created, reverse=True)
    return _page(asked, "calls", found, lambda call: call_json(account, call))


def make_call(asked: Asked) -> Answer:
    """Call a telephone and do what the TwiML says."""
    form = asked.form
    if not form.get("Twiml") and not form.get("Url"):
        raise Problem(21205)
    dials = _dials(form.get("Twiml", ""), form.get("From", ""))
    call = asked.account.call_out(form.get("To", ""), form.get("From", ""), dials)
    return Answer(201, call_json(asked.account, call))


def show_call(asked: Asked, name: str) -> Answer:
    """One leg."""
    return Answer(json=call_json(asked.account, asked.account.call(name)))


def list_recordings(asked: Asked, call_sid: str = "") -> Answer:
    """What was recorded, the newest first."""
    account, query = asked.account, asked.query
    wanted = call_sid or query.get("CallSid", "")
    found = [
        one
        for one in reversed(account.recordings)
        if one.ready <= account.now
        and wanted in {"", one.call_sid}
        and in_days(query, "DateCreated", one.created)
    ]
    return _page(asked, "recordings", found, lambda one: recording_json(account, one))


def show_recording(asked: Asked, name: str, form: str) -> Answer:
    """A recording: its description, or its sound."""
    recording = _recording(asked.account, name)
    if form == ".wav":
        return Answer(content=tone(recording.seconds), content_type="audio/x-wav")
    if form == ".mp3":
        return Answer(content=silence(recording.seconds), content_type="audio/mpeg")
    return Answer(json=recording_json(asked.account, recording))


def list_transcriptions(asked: Asked, recording_sid: str = "") -> Answer:
    """What a machine understood of one recording, or of all."""
    account = asked.account
    found = [
        one for one in reversed(account.transcriptions) if recording_sid in {"", one.recording_sid}
    ]
    shown = [transcription_json(account, one) for one in found]
    return _page_of(asked, "transcriptions", shown)


# ---- the table -----------------------------------------------------------------------------

_BELOW = r"/2010-04-01/Accounts/AC[0-9a-f]{32}"
_NAME = r"/(\w{34})"
_SERVICES = r"/v1/Services"

ROUTES: tuple[tuple[str, re.Pattern[str], Handler], ...] = tuple(
    (method, re.compile(pattern + r"\Z"), handler)
    for method, pattern, handler in (
        ("GET", _BELOW + r"\.json", show_account),
        ("GET", _BELOW + r"/Messages\.json", list_texts),
        ("POST", _BELOW + r"/Messages\.json", send_text),
        ("GET", _BELOW + rf"/Messages{_NAME}\.json", show_text),
        ("POST", _BELOW + rf"/Messages{_NAME}\.json", change_text),
        ("GET", _BELOW + rf"/Messages{_NAME}/Media\.json", list_files),
        ("GET", _BELOW + rf"/Messages{_NAME}/Media{_NAME}(\.json|)", show_file),
        ("GET", _BELOW + r"/IncomingPhoneNumbers\.json", list_numbers),
        ("GET", _BELOW + r"/OutgoingCallerIds\.json", list_caller_ids),
        ("GET", _BELOW + r"/Calls\.json", list_calls),
        ("POST", _BELOW + r"/Calls\.json", make_call),
        ("GET", _BELOW + rf"/Calls{_NAME}\.json", show_call),
        ("GET", _BELOW + rf"/Calls{_NAME}/Recordings\.json", list_recordings),
        ("GET", _BELOW + r"/Recordings\.json", list_recordings),
        ("GET", _BELOW + rf"/Recordings{_NAME}(\.json|\.mp3|\.wav)", show_recording),
        ("GET", _BELOW + rf"/Recordings{_NAME}/Transcriptions\.json", list_transcriptions),
        ("GET", _BELOW + r"/Transcriptions\.json", list_transcriptions),
        ("GET", _SERVICES, list_services),
        ("GET", rf"{_SERVICES}{_NAME}", show_service),
        ("GET", rf"{_SERVICES}{_NAME}/PhoneNumbers", list_service_numbers),
        ("GET", rf"{_SERVICES}{_NAME}/Compliance/Usa2p", list_campaigns),
    )
)


def answer(method: str, asked: Asked) -> Answer:
    """Answer a request.

    Raises:
        Problem: it is refused, or there is nothing at this path.
    """
    account = asked.account
    if asked.path.startswith("/2010-04-01/") and not asked.path.startswith(root(account)):
        raise Problem(20404)
    for verb, pattern, handler in ROUTES:
        found = pattern.match(asked.path)
        if verb == method and found is not None:
            with account.lock:
                return handler(asked, *found.groups())
    raise Problem(20404)


def _page(
    asked: Asked, key: str, items: Iterable[Any], show: Callable[[Any], dict[str, Any]]
) -> Answer:
    return Answer(
        json=page(
            asked.path, key, asked.query, list(items), lambda one: one.sid, show, asked.manners
        )
    )


def _page_of(asked: Asked, key: str, shown: list[dict[str, Any]]) -> Answer:
    return Answer(
        json=page(
            asked.path,
            key,
            asked.query,
            shown,
            lambda one: str(one["sid"]),
            lambda one: one,
            asked.manners,
        )
    )


def _meta(asked: Asked, key: str, shown: list[dict[str, Any]]) -> Answer:
    """A list as Messaging v1 gives it; one page holds everything."""
    url = f"https://messaging.twilio.com{asked.path}"
    meta = {
        "first_page_url": f"{url}?PageSize=50&Page=0",
        "key": key,
        "next_page_url": None,
        "page": 0,
        "page_size": 50,
        "previous_page_url": None,
        "url": f"{url}?PageSize=50&Page=0",
    }
    return Answer(json={"meta": meta, key: shown})


def _recording(account: Account, name: str) -> Recording:
    for one in account.recordings:
        if one.sid == name and one.ready <= account.now:
            return one
    raise Problem(20404)


def _dials(twiml: str, sender: str) -> tuple[str, str] | None:
    """Whom a TwiML document connects to, and the number it shows them."""
    if not twiml:
        return None
    try:
        dial = ET.fromstring(twiml).find("Dial")  # noqa: S314 - what our own side wrote
    except ET.ParseError as error:
        raise Problem(21205) from error
    if dial is None:
        return None
    number = dial.find("Number")
    to = (number.text if number is not None else dial.text) or ""
    return to.strip(), dial.get("callerId", sender)
