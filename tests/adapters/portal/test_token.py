"""Who we say we are: signed assertions, tokens that end, and what is said when there is none."""

from __future__ import annotations

from collections.abc import Iterator

import jwt
import pytest

from adapters.portal.key import new_key, public_keys
from adapters.portal.settings import Algorithm, BackendServices, Bearer
from adapters.portal.token import sign
from demo.portal.fault import Fault
from demo.portal.server import TOKEN
from inbox.channel import RawItem
from inbox.errors import (
    AuthenticationFailed,
    ConfigurationError,
    ConnectionLost,
    NotSent,
    TwowayError,
)
from tests.adapters.handle import Handover, arrived, collect, make_outgoing, make_permit
from tests.adapters.portal.conftest import Opening
from tests.adapters.portal.world import PortalHandle
from tests.clock import START, FakeClock

KEYS: dict[Algorithm, str] = {"ES384": new_key("ES384"), "RS384": new_key("RS384")}


def us(algorithm: Algorithm = "ES384", **more: str) -> BackendServices:
    return BackendServices("lakeside", lambda: KEYS[algorithm], "key-1", **more)  # type: ignore[arg-type]  # names of fields


@pytest.fixture(params=["ES384", "RS384"])
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    return "ES384" if request.param == "ES384" else "RS384"


@pytest.fixture
def guarded(clock: FakeClock) -> Iterator[PortalHandle]:
    """A portal that gives tokens to those whose key it has."""
    with PortalHandle(clock) as handle:
        handle.server.guard.asks = "backend"
        handle.server.guard.clients["lakeside"] = public_keys(KEYS["ES384"], "key-1")
        yield handle


def given(handle: PortalHandle) -> int:
    return handle.asked(TOKEN, "POST")


async def test_an_assertion_is_traded_for_a_token(
    opened: Opening, guarded: PortalHandle, algorithm: Algorithm
) -> None:
    guarded.server.guard.clients["lakeside"] = public_keys(KEYS[algorithm], "key-1")
    there = guarded.write("Hello")
    channel = opened(guarded, guarded.settings(auth=us(algorithm)))
    (item,) = arrived(await collect(channel))
    assert item.remote.item == there
    assert given(guarded) == 1
    open_ones = {one.path for one in guarded.server.seen if "authorization" not in one.headers}
    assert open_ones == {"/fhir/.well-known/smart-configuration", TOKEN}


def test_an_assertion_is_short_and_good_for_one_token(algorithm: Algorithm) -> None:
    pem, endpoint = KEYS[algorithm], "https://auth.example/token"
    first, second = (sign(us(algorithm), endpoint, START) for _ in range(2))
    known = jwt.PyJWKSet.from_dict(public_keys(pem, "key-1"))["key-1"]
    claims = jwt.decode(
        first,
        known.key,
        algorithms=[algorithm],
        audience=endpoint,
        options={"verify_exp": False, "verify_iat": False},
    )
    assert jwt.get_unverified_header(first) == {"alg": algorithm, "kid": "key-1", "typ": "JWT"}
    assert claims["iss"] == claims["sub"] == "lakeside"
    assert 0 < claims["exp"] - START.timestamp() <= 300
    assert claims["jti"] != jwt.decode(second, options={"verify_signature": False})["jti"]


@pytest.mark.parametrize(
    "pem",
    ["", "no key", public_keys(KEYS["ES384"], "x")["keys"][0]["x"], KEYS["ES384"][:90]],
)
def test_a_key_that_is_none_is_a_matter_for_a_person(pem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        sign(BackendServices("us", lambda: pem, "k"), "https://auth.example", START)
    assert not pem or pem not in str(caught.value)


def test_a_key_of_the_wrong_kind_is_refused() -> None:
    auth = BackendServices("lakeside", lambda: KEYS["ES384"], "key-1", algorithm="RS384")
    with pytest.raises(ConfigurationError, match="RS384"):
        sign(auth, "https://auth.example", START)


async def test_a_token_is_kept_until_shortly_before_its_end(
    opened: Opening, guarded: PortalHandle
) -> None:
    channel = opened(guarded, guarded.settings(auth=us()))
    cursors: dict[str, str] = {}
    for seconds, asked in ((0, 1), (200, 1), (269 - 200, 1), (1, 2), (270, 3)):
        guarded.clock.advance(seconds=seconds)
        cursors |= {one.folder: one.cursor for one in await collect(channel, cursors)}
        assert given(guarded) == asked


async def test_a_token_that_ends_early_is_replaced_once(
    opened: Opening, guarded: PortalHandle
) -> None:
    channel = opened(guarded, guarded.settings(auth=us(), page_size=2))
    for _ in range(6):
        guarded.write("Hello")
    seen: list[RawItem] = []
    async for batch in channel.fetch({}):
        seen += batch.items
        guarded.server.guard.forget()
    assert len(seen) == 6
    assert given(guarded) >= 2


async def test_who_is_not_let_in_does_not_knock_for_ever(
    opened: Opening, guarded: PortalHandle
) -> None:
    guarded.server.fail(Fault("status", "GET", "Communication", status=401, times=None))
    channel = opened(guarded, guarded.settings(auth=us()))
    with pytest.raises(AuthenticationFailed):
        await collect(channel)
    assert (guarded.asked("Communication"), given(guarded)) == (2, 2)


async def test_sending_with_a_token_that_has_ended_sends_once(
    opened: Opening, guarded: PortalHandle
) -> None:
    channel = opened(guarded, guarded.settings(auth=us()))
    await collect(channel)
    guarded.server.guard.forget()
    outgoing = make_outgoing(channel.line, guarded.patient, "See you.")
    handover = Handover(guarded)
    await channel.send(outgoing, make_permit(outgoing), handover)
    assert (len(guarded.ours()), handover.times, given(guarded)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault("drop", "POST", TOKEN, times=None), ConnectionLost),
        (Fault("status", "POST", TOKEN, status=503, times=None), ConnectionLost),
        (Fault("html", "POST", TOKEN, status=200, times=None), ConnectionLost),
        (Fault("broken", "POST", TOKEN, accept=True, times=None), ConnectionLost),
        (Fault("drop", "GET", "smart-configuration", times=None), ConnectionLost),
    ],
)
async def test_a_token_endpoint_that_is_down(
    opened: Opening, guarded: PortalHandle, fault: Fault, error: type[TwowayError]
) -> None:
    channel = opened(guarded, guarded.settings(auth=us()))
    guarded.server.fail(fault)
    with pytest.raises(error) as caught:
        await collect(channel)
    assert "token" in caught.value.sentence
    outgoing = make_outgoing(channel.line, guarded.patient, "See you.")
    handover = Handover(guarded)
    with pytest.raises(NotSent) as unsent:
        await channel.send(outgoing, make_permit(outgoing), handover)
    assert (handover.times, unsent.value.temporary) == (0, True)
    guarded.server.faults.clear()
    there = guarded.write("Hello")
    assert [one.remote.item for one in arrived(await collect(channel))] == [there]


async def test_a_key_that_was_not_handed_over(opened: Opening, guarded: PortalHandle) -> None:
    other = BackendServices("lakeside", lambda: new_key("ES384"), "key-1")
    channel = opened(guarded, guarded.settings(auth=other))
    with pytest.raises(AuthenticationFailed, match="key"):
        await collect(channel)


async def test_an_older_server_says_it_in_its_statement(
    opened: Opening, guarded: PortalHandle
) -> None:
    guarded.server.fail(Fault("status", "GET", "smart-configuration", status=404, times=None))
    channel = opened(guarded, guarded.settings(auth=us()))
    there = guarded.write("Hello")
    assert [one.remote.item for one in arrived(await collect(channel))] == [there]


async def test_a_server_that_gives_no_tokens_is_said_to(
    opened: Opening, world: PortalHandle
) -> None:
    world.server.fail(Fault("status", "GET", "smart-configuration", status=404, times=None))
    channel = opened(world, world.settings(auth=us()))
    with pytest.raises(ConfigurationError, match="tokens"):
        await collect(channel)


@pytest.mark.parametrize("url", ["http://auth.example/token", "ftp://auth.example"])
async def test_an_assertion_goes_nowhere_in_the_clear(
    opened: Opening, guarded: PortalHandle, url: str
) -> None:
    channel = opened(guarded, guarded.settings(auth=us(token_url=url)))
    with pytest.raises(ConfigurationError, match="https"):
        await collect(channel)


async def test_a_bearer_token_is_read_again_when_it_was_refused(
    opened: Opening, clock: FakeClock
) -> None:
    secrets = ["old", "new"]
    with PortalHandle(clock) as handle:
        handle.server.guard.asks, handle.server.guard.secrets = "bearer", {"new"}
        channel = opened(handle, handle.settings(auth=Bearer(lambda: secrets.pop(0))))
        there = handle.write("Hello")
        assert [one.remote.item for one in arrived(await collect(channel))] == [there]
        assert secrets == []


@pytest.mark.parametrize("secret", ["", "  ", "a\nb"])
async def test_a_bearer_token_that_is_none(
    opened: Opening, world: PortalHandle, secret: str
) -> None:
    channel = opened(world, world.settings(auth=Bearer(lambda: secret)))
    with pytest.raises(AuthenticationFailed):
        await collect(channel)


async def test_a_message_whose_token_was_refused_twice_did_not_leave(
    opened: Opening,
    guarded: PortalHandle,
) -> None:
    channel = opened(guarded, guarded.settings(auth=us()))
    await collect(channel)
    guarded.server.fail(Fault("status", "POST", "Communication$", status=401, after=1, times=2))
    outgoing = make_outgoing(channel.line, guarded.patient, "See you.")
    with pytest.raises(NotSent):
        await channel.send(outgoing, make_permit(outgoing), Handover(guarded))
    assert guarded.ours() == []
    await channel.send(outgoing, make_permit(outgoing), Handover(guarded))
    assert len(guarded.ours()) == 1


async def test_a_message_that_got_no_new_token_did_not_leave(
    opened: Opening, guarded: PortalHandle
) -> None:
    """The old token is refused, and where tokens are given nobody answers any more."""
    channel = opened(guarded, guarded.settings(auth=us()))
    await collect(channel)
    guarded.server.fail(Fault("status", "POST", "Communication$", status=401, after=1))
    guarded.server.fail(Fault("drop", "POST", TOKEN, times=None))
    outgoing = make_outgoing(channel.line, guarded.patient, "See you.")
    with pytest.raises(NotSent, match="gives tokens") as caught:
        await channel.send(outgoing, make_permit(outgoing), Handover(guarded))
    assert caught.value.temporary
    assert guarded.ours() == []
