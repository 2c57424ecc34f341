"""Refusals, as FHIR words them."""

from __future__ import annotations

from typing import Any

STATUS = {
    "deleted": 410,
    "exception": 500,
    "expired": 410,
    "forbidden": 403,
    "login": 401,
    "conflict": 412,
    "multiple-matches": 412,
    "not-found": 404,
    "not-supported": 405,
    "throttled": 429,
    "too-long": 413,
    "transient": 503,
}
"""Which status goes with a code of http://hl7.org/fhir/R4/valueset-issue-type.html; else 400."""


class Problem(Exception):
    """A request that is refused.

    Args:
        code: FHIR's issue type.
        words: what went wrong.
        status: the HTTP status; by default the one that goes with the code.
    """

    def __init__(self, code: str, words: str, status: int | None = None) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.status = status or STATUS.get(code, 400)

    def outcome(self) -> dict[str, Any]:
        """The OperationOutcome of the answer (http://hl7.org/fhir/R4/operationoutcome.html)."""
        return outcome(self.code, self.words, "error")


def outcome(code: str, words: str, severity: str) -> dict[str, Any]:
    """An OperationOutcome with one issue."""
    issue = {"severity": severity, "code": code, "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def of_status(status: int) -> Problem:
    """What a server says when nothing but a status is known."""
    code = next((code for code, number in STATUS.items() if number == status), "exception")
    return Problem(code, "The request was not carried out.", status)
