"""What an adapter made of a raw item, made safe to show whatever the adapter left in it."""

from __future__ import annotations

from dataclasses import replace

from adapters.plugged.checking import is_moment
from inbox.address import Address, ChannelKind
from inbox.channel import RawItem
from inbox.message import Arrival, MessageKind, Nature
from inbox.plain import file_name, plain_line, plain_text

_KINDS = {
    ChannelKind.EMAIL: (MessageKind.EMAIL,),
    ChannelKind.SMS: (MessageKind.TEXT,),
    ChannelKind.PHONE: (MessageKind.CALL, MessageKind.VOICEMAIL),
    ChannelKind.PORTAL: (MessageKind.PORTAL,),
}
"""What a message of each channel can be; the first where an adapter names something else."""
_NO_OFFSET = "The message gives a time without its offset; when it came counts instead."


def safe_arrival(arrival: object, channel: ChannelKind) -> Arrival:
    """The arrival with every text in it safe to show (`inbox.plain`).

    Raises:
        TypeError, ValueError, AttributeError: it is no arrival.
    """
    if not isinstance(arrival, Arrival):
        raise TypeError("no arrival")
    kinds = _KINDS[channel]
    naive = arrival.sent_at is not None and not is_moment(arrival.sent_at)
    defects = (*arrival.defects, *((_NO_OFFSET,) if naive else ()))
    return replace(
        arrival,
        channel=channel,
        kind=arrival.kind if arrival.kind in kinds else kinds[0],
        nature=Nature(arrival.nature),
        sender=None if arrival.sender is None else _address(arrival.sender),
        to=_addresses(arrival.to),
        cc=_addresses(arrival.cc),
        reply_to=_addresses(arrival.reply_to),
        about=None if arrival.about is None else _address(arrival.about),
        sent_at=None if naive else arrival.sent_at,
        subject=plain_line(arrival.subject),
        text=plain_text(arrival.text),
        whole=plain_text(arrival.whole or arrival.text),
        attachments=tuple(
            replace(one, name=file_name(one.name), media_type=plain_line(one.media_type))
            for one in arrival.attachments
        ),
        message_id=plain_line(arrival.message_id),
        in_reply_to=_lines(arrival.in_reply_to),
        references=_lines(arrival.references),
        thread_key=plain_line(arrival.thread_key),
        identifiers=_lines(arrival.identifiers),
        own_uuid=plain_line(arrival.own_uuid),
        version=plain_line(arrival.version),
        defects=tuple(plain_line(one) for one in defects),
    )


def unreadable(raw: RawItem, channel: ChannelKind, name: str) -> Arrival:
    """An item that the adapter could not read, as an arrival that shows its bytes."""
    text = plain_text(raw.content.decode("utf-8", "replace"))
    return Arrival(
        channel=channel,
        kind=_KINDS[channel][0],
        sender=None,
        text=text,
        whole=text,
        nature=Nature.UNREADABLE,
        defects=(f"The adapter “{name}” could not read the message.",),
    )


def _address(address: Address) -> Address:
    return Address(address.system, plain_line(address.value), plain_line(address.name))


def _addresses(addresses: tuple[Address, ...]) -> tuple[Address, ...]:
    return tuple(_address(address) for address in addresses)


def _lines(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(plain_line(value) for value in values)
