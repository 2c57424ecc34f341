"""Phone numbers as people write them, in the one form everything is compared by (ITU-T E.164)."""

from __future__ import annotations


def international(text: str, country: str) -> str:
    """A number with its country code, `+15550107811`; empty when it cannot be one.

    Args:
        text: As it was written; an extension is left out.
        country: Two letters (ISO 3166), for a number without country code.
    """
    # Loading it takes longer than the first list of the inbox.
    from phonenumbers import (
        NumberParseException,
        PhoneNumberFormat,
        ValidationResult,
        format_number,
        is_possible_number_with_reason,
        parse,
    )

    try:
        number = parse(text, country or None)
    except NumberParseException:
        return ""
    if is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    written = str(format_number(number, PhoneNumberFormat.E164))
    # No area code of North America begins with 0 or 1.
    return "" if written[:3] in {"+10", "+11"} else written
