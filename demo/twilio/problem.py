"""Errors as the API words them."""

from __future__ import annotations

from typing import Any

MESSAGES = {
    20003: (401, "Authenticate"),
    20005: (401, "Account is not active"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service Unavailable"),
    21201: (400, "No 'To' number specified"),
    21205: (400, "Url parameter is required"),
    21210: (400, "'From' phone number not verified"),
    21211: (400, "Invalid 'To' Phone Number"),
    21214: (400, "'To' phone number cannot be reached"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21606: (400, "The 'From' phone number provided is not a valid message-capable number"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
}
"""Twilio's code: the HTTP status and the words."""


class Problem(Exception):
    """A request that is refused."""

    def __init__(self, code: int, status: int | None = None) -> None:
        known, words = MESSAGES.get(code, (400, "The request failed"))
        super().__init__(words)
        self.code = code
        self.status = status or known
        self.words = words

    def body(self) -> dict[str, Any]:
        """The JSON object of the answer."""
        return {
            "code": self.code,
            "message": self.words,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }
