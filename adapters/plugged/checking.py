"""Whether what an adapter gave is what the contract names: the disk takes nothing else."""

from __future__ import annotations

from datetime import datetime
from typing import TypeGuard

from inbox.channel import Batch, Census, RawItem, Receipt, RemoteId
from inbox.message import MessageStatus


def checked_batch(batch: object) -> Batch:
    """The batch, if it is one.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(batch, Batch) or not _texts(batch.folder, batch.epoch, batch.cursor):
        raise TypeError("no batch")
    for item in batch.items:
        checked_item(item)
    return batch


def checked_item(item: object) -> RawItem:
    """The raw item, if it is one: bytes, under a name, at a time with an offset.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(item, RawItem) or not isinstance(item.content, bytes):
        raise TypeError("no raw item")
    remote: object = item.remote
    if not isinstance(remote, RemoteId) or not _texts(remote.folder, remote.epoch, remote.item):
        raise TypeError("no remote id")
    size: object = item.size
    if not is_moment(item.received_at) or not isinstance(size, int):
        raise TypeError("no time with an offset")
    return item


def is_census(one: object) -> TypeGuard[Census]:
    """Whether it is the count of a folder."""
    return isinstance(one, Census) and _texts(one.folder, one.epoch, *one.items)


def is_receipt(one: object) -> TypeGuard[Receipt]:
    """Whether it is a provider's word that it took a message."""
    if not isinstance(one, Receipt) or not isinstance(one.refused, tuple):
        return False
    copy: object = one.copy_raw
    return (
        one.status in {MessageStatus.SENT, MessageStatus.DELIVERED}
        and is_moment(one.at)
        and _texts(one.provider_id, one.thread_key, *one.refused)
        and isinstance(copy, bytes | None)
    )


def is_moment(value: object) -> bool:
    """Whether it is a time with an offset."""
    return isinstance(value, datetime) and value.tzinfo is not None


def _texts(*values: object) -> bool:
    return all(isinstance(value, str) for value in values)
