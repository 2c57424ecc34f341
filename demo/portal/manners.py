"""How a server behaves that is not on its best behaviour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

Links = Literal["absolute", "relative", "none", "far", "loop"]
"""What leads from page to page: a whole address, one relative to the base, nothing, an address on
another host, or one that leads back to the same page for ever."""


@dataclass(slots=True)
class Manners:
    """What the server does and does not; by default it is a good one."""

    # ---- pages
    links: Links = "absolute"
    usual: int = 20
    """How many entries a page has when nobody asks."""
    most: int = 1000
    """The largest page."""
    shift: bool = False
    """Pages are counted from the top of what there is now, so that what changes between two of
    them makes entries appear twice or not at all."""
    repeat: bool = False
    """Each page begins with the last entry of the one before."""
    skip: bool = False
    """Each page leaves out the first entry it should have had."""
    forgets: bool = False
    """Pages are no longer there when they are asked for (410 Gone)."""
    offset: bool = True
    """`_offset` is honoured."""
    elements: bool = False
    """`_elements` is honoured."""
    between: Callable[[], object] | None = None
    """Called after each page but the last."""
    totals: bool = True
    """Bundles say how much there is."""

    # ---- what is in them
    stamps: bool = True
    """Resources have `meta.lastUpdated`."""
    by_stamp: bool = True
    """`_lastUpdated` is a parameter that is honoured, in searches and for sorting."""
    identifies: bool = True
    """`identifier` is a parameter that is honoured."""
    sorts: bool = True
    """`_sort` is honoured."""
    versions: bool = True
    """Resources have `meta.versionId`, and answers an ETag."""
    strict: bool = False
    """Parameters that are not known are refused rather than passed over."""
    warns: bool = False
    """Bundles hold an OperationOutcome beside what was found."""
    strangers: list[dict[str, Any]] = field(default_factory=list)
    """Resources that are in every Bundle although nobody looked for them."""
    extra: bool = False
    """Bundles and resources hold fields and extensions that nobody has heard of."""
    hollow: bool = False
    """Bundles hold an entry without a resource."""

    # ---- writing
    conditional: Literal["honoured", "ignored", "refused"] = "honoured"
    """`If-None-Exist`."""
    minimal: bool = False
    """Creates and updates are answered without the resource (`Prefer: return=minimal`)."""
    nameless: bool = False
    """Creates are answered without `Location`."""
    must_match: bool = False
    """Updates without `If-Match` are refused."""
    refuses: set[str] = field(default_factory=set)
    """Kinds of resources that cannot be created."""
    updates: bool = True
    """Resources can be updated."""
    largest: int = 5_000_000
    """The largest body of a request, in bytes."""

    # ---- what it says of itself
    says: dict[str, Any] = field(default_factory=dict)
    """What replaces or adds to the CapabilityStatement."""
