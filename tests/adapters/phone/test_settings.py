"""Settings, error codes, and what importing costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.phone.call import read_call, write_call
from adapters.phone.client import Transport
from adapters.phone.code import KNOWN, Fault, code_of
from adapters.phone.item import read_text, write_text
from adapters.phone.settings import TwilioSettings
from inbox.errors import ConfigurationError, ServerRefused
from inbox.message import Nature

SID = "AC" + "0" * 32


def no_secret() -> str:
    return "secret"


@pytest.mark.parametrize("sid", ["", "AC12", "SK" + "0" * 32, SID + "\n", SID + "0"])
def test_an_account_sid_is_checked(sid: str) -> None:
    with pytest.raises(ConfigurationError):
        TwilioSettings(sid, no_secret)


@pytest.mark.parametrize(
    "url",
    [
        "http://api.twilio.com",
        "https://api.twilio.com.example",
        "https://twilio.example",
        "https://127.0.0.1.example",
        "ftp://example.com",
    ],
)
def test_the_secret_goes_to_twilio_or_to_this_machine(url: str) -> None:
    with pytest.raises(ConfigurationError):
        TwilioSettings(SID, no_secret, base_url=url)


@pytest.mark.parametrize("validity", [0, -1, 36_001])
def test_a_validity_has_bounds(validity: int) -> None:
    with pytest.raises(ConfigurationError):
        TwilioSettings(SID, no_secret, validity=validity)


@pytest.mark.parametrize("base", ["https://api.twilio.com", "http://127.0.0.1:9"])
@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/2010-04-01/Accounts",
        "http://api.twilio.com/2010-04-01",
        "https://api.twilio.com@evil.example/",
        "https://api.twilio.com.evil.example/",
        "file:///etc/passwd",
    ],
)
async def test_no_other_host_is_asked_anything(base: str, url: str) -> None:
    transport = Transport(TwilioSettings(SID, no_secret, base_url=base))
    with pytest.raises(ServerRefused):
        await transport.request("GET", url, auth=("a", "b"))
    with pytest.raises(ServerRefused):
        await transport.download(url, ("a", "b"), 10)
    await transport.close()


def test_importing_the_channels_costs_nothing() -> None:
    program = (
        "import sys, adapters.phone.sms, adapters.phone.voice\n"
        "heavy = {'twilio', 'aiohttp', 'requests', 'yarl'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])


def test_every_code_has_its_words(corpora: Path) -> None:
    listed = json.loads((corpora / "twilio-api" / "error_codes.json").read_text("utf-8"))
    real = {one["code"] for one in listed}
    # What the API answers on being too fast is an HTTP status, listed under another number.
    assert KNOWN - real <= {20429, 20005, 21635, 21660, 30047, 30610, 30640, 30001}
    for one in listed:
        code = code_of(one["code"])
        assert code.sentence.endswith(".")
        assert code.hint.endswith(".")
        assert code.code == one["code"]


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        (20003, Fault.ACCOUNT),
        (21610, Fault.CONSENT),
        (21614, Fault.NUMBER),
        (30003, Fault.PASSING),
        (30007, Fault.CONTENT),
        (30034, Fault.SENDER),
        (30999, Fault.UNSURE),
        (1, Fault.UNSURE),
    ],
)
def test_whose_matter_a_code_is(number: int, fault: Fault) -> None:
    assert code_of(number).fault is fault


def test_the_official_examples_are_read(corpora: Path) -> None:
    examples = json.loads((corpora / "twilio-api" / "examples.json").read_text("utf-8"))
    read = 0
    for one in examples:
        if "/Messages" not in one["path"] or not one["response"]:
            continue
        for message in one["response"].get("messages", [one["response"]]):
            if "body" not in message:
                continue
            arrival = read_text(write_text(message))
            assert arrival.nature is not Nature.UNREADABLE
            assert arrival.message_id == message["sid"]
            assert arrival.text == message["body"]
            read += 1
    assert read > 10


def test_the_official_examples_of_calls_are_read(corpora: Path) -> None:
    examples = json.loads((corpora / "twilio-api" / "examples.json").read_text("utf-8"))
    read = 0
    for one in examples:
        if not re.search(r"/Calls(/\{Sid\})?\.json$", one["path"]) or not one["response"]:
            continue
        for call in one["response"].get("calls", [one["response"]]):
            arrival = read_call(write_call(call, [], []))
            assert arrival.nature is not Nature.UNREADABLE
            assert (arrival.message_id, len(arrival.to)) == (call["sid"], 1)
            read += 1
    assert read > 5
