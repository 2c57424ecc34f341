"""What can be told to go wrong with the requests of a client."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["drop", "hang", "status", "html", "broken"]
"""Cut the connection, never answer, answer with an OperationOutcome, with a page for people, or
with JSON that ends in the middle."""


@dataclass(slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    method: str = ""
    """`GET`, `POST` or `PUT`; empty: any."""
    path: str = ""
    """A regular expression that the path must hold; empty: any."""
    accept: bool = False
    """The request is carried out all the same; only its answer is lost or replaced."""
    status: int = 500
    """For `status` and `html`."""
    retry_after: str = ""
    """A Retry-After header: seconds or a date (RFC 9110 10.2.3)."""
    after: int = 0
    """How many requests that it would meet pass before it."""
    times: int | None = 1
    """How often; None: until it is taken away."""

    def meets(self, method: str, path: str) -> bool:
        """Whether it concerns a request."""
        return self.method in {"", method} and re.search(self.path, path) is not None


class Faults:
    """The faults that are still to come, oldest first."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Let it happen from now on."""
        self._faults.append(fault)

    def clear(self) -> None:
        """Nothing goes wrong any more."""
        self._faults.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault that meets a request, used up by one."""
        for fault in list(self._faults):
            if not fault.meets(method, path):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return None
