"""Patients from CSV, as other programs and spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from inbox.address import AddressSystem
from inbox.errors import TwowayError
from inbox.patient import ContactPoint, Patient, PointUse, PrivacyForm, Proxy
from tui.importing.entry import Entry, Reader, Reading, emptied, made_up_id, spoken_of

_NAMES = {
    "id": "id patient_id patientid mrn medical_record_number chart chart_number chart_no"
    " record_number identifier patient_number account_number",
    "given": "given first first_name firstname given_name forename vorname",
    "family": "family last last_name lastname family_name surname nachname",
    "name": "name full_name patient patient_name",
    "birth_date": "birth_date birthdate date_of_birth dob born birthday geburtsdatum",
    "email": "email e_mail mail email_address e_mail_address home_email email_1",
    "work_email": "work_email email_2 second_email",
    "mobile": "mobile cell cell_phone mobile_phone mobile_number cellphone cell_number",
    "home": "phone telephone home_phone phone_number tel phone_1 primary_phone phone_home",
    "work": "work_phone business_phone phone_2 phone_work secondary_phone",
    "preferred_channel": "preferred_channel preferred preferred_contact contact_preference"
    " preferred_contact_method contact_method",
    "language": "language lang preferred_language",
    "voicemail": "voicemail voicemail_consent voice_mail hipaa_voice",
    "voicemail_on": "voicemail_on voicemail_number voicemail_numbers",
    "sms": "sms sms_consent text_consent texting text_ok hipaa_allowsms",
    "sms_warned": "sms_warned sms_warned_on text_warned_on",
    "sms_warning": "sms_warning sms_warning_version",
    "email_consent": "email_consent email_ok e_mail_consent hipaa_allowemail",
    "email_warned": "email_warned email_warned_on e_mail_warned_on",
    "email_warning": "email_warning email_warning_version",
    "portal": "portal portal_consent",
    "portal_state": "portal_state portal_account portal_status",
    "form_date": "form_date privacy_form_date consent_date hipaa_notice_date",
    "version": "form_version privacy_form_version version",
    "confidential": "confidential confidential_address confidential_contact write_only_to",
    "may_tell": "may_tell may_be_told hipaa_message",
    "identifiers": "identifiers other_identifiers portal_identifier portal_identifiers",
    "best_time": "best_time best_time_to_call best_time_to_contact",
    "timezone": "timezone time_zone tz",
    "postal_code": "postal_code zip zip_code zipcode postcode",
    "state": "state state_code province",
    "proxy_name": "proxy_name proxy guardian_name guardian guardiansname",
    "proxy_relation": "proxy_relation proxy_relationship guardian_relationship",
    "proxy_email": "proxy_email guardian_email",
    "proxy_phone": "proxy_phone guardian_phone",
    "proxy_until": "proxy_until proxy_end proxy_access_until",
}
_KNOWN = {alias: name for name, aliases in _NAMES.items() for alias in aliases.split()}
_CHOICES = {
    "sms": Reader.consent, "email_consent": Reader.consent, "portal": Reader.consent,
    "voicemail": Reader.voicemail, "portal_state": Reader.portal,
    "preferred_channel": Reader.channel, "mobile": Reader.phone, "home": Reader.phone,
    "work": Reader.phone, "proxy_phone": Reader.phone, "birth_date": Reader.day,
    "sms_warned": Reader.day, "email_warned": Reader.day, "form_date": Reader.day,
    "proxy_until": Reader.day,
}  # fmt: skip
"""How to read what can be written in several ways."""
_FIELDS = {"email_consent": "email", "email": ""}
"""Columns that are not called as the field of the form that they fill."""
_MOST_ROWS = 200_000

Cell = Callable[[str], str]
"""Gives the cell, or the name of the column, for one of our names."""


def read_csv(content: bytes, country: str, today: date | None = None) -> Reading:
    """Read a CSV file.

    Args:
        content: The bytes: UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252.
        country: For phone numbers without country code and dates with slashes.
        today: For dates that lie ahead; None: none does.

    Raises:
        TwowayError: it has no header with names in it.
    """
    text = decoded(content)
    header: list[str] = []
    reading = Reading([])
    columns: dict[str, list[int]] = {}
    for number, row in rows_of(text):
        if not header:
            header = [cell.strip() for cell in row]
            columns = _columns(header)
            continue
        if len(reading.entries) + len(reading.troubles) > _MOST_ROWS:
            raise TwowayError(f"The file has more than {_MOST_ROWS} rows.", "Split it.")
        read = Reader(number, country, today=today)
        entry = _entry(row, read, columns, header)
        reading.note(read)
        reading.entries += [] if read.troubles else [entry]
    if not header:
        raise TwowayError("The file is empty.", "Export it again as CSV with a header.")
    used = {at for all_at in columns.values() for at in all_at}
    reading.ignored += [name for at, name in enumerate(header) if name and at not in used]
    return reading


def decoded(content: bytes) -> str:
    """Bytes of a text file of unknown encoding."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def rows_of(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a CSV that hold something, numbered as a spreadsheet shows them.

    Raises:
        TwowayError: it is no CSV, a quote that nobody closes included.
    """
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    number = 0
    try:
        for number, row in enumerate(rows, start=1):
            if any(cell.strip() for cell in row):
                yield number, row
    except csv.Error as error:
        raise TwowayError(
            f"Row {number + 1} of the file is not CSV: {error}.", "Export it again as CSV."
        ) from None


def _delimiter(text: str) -> str:
    """The separator that the header has most of, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=bare.count)


def _columns(header: list[str]) -> dict[str, list[int]]:
    """Where each of our columns stands; a file may have two of one kind."""
    found: dict[str, list[int]] = {}
    for at, cell in enumerate(header):
        name = _KNOWN.get(re.sub(r"[^a-z0-9]+", "_", cell.casefold()).strip("_"))
        if name is not None:
            found.setdefault(name, []).append(at)
    if not ({"given", "family"} <= found.keys() or "name" in found):
        raise TwowayError(
            "The first row of the file names no column for first and last name.",
            "Name the columns, for example: id, first name, last name, birth date, email, mobile.",
        )
    return found


def _entry(row: list[str], read: Reader, columns: dict[str, list[int]], header: list[str]) -> Entry:
    filled = {
        name: [at for at in all_at if at < len(row) and row[at].strip()]
        for name, all_at in columns.items()
    }
    gone = {
        name
        for name, all_at in filled.items()
        if all_at and emptied(_FIELDS.get(name, name), row[all_at[0]])
    }

    def cell(name: str) -> str:
        at = filled.get(name)
        return row[at[0]].strip() if at and name not in gone else ""

    def column(name: str) -> str:
        at = filled.get(name) or columns.get(name)
        return header[at[0]] if at else name

    for name, all_at in filled.items():
        _one_voice(name, [(header[at], row[at]) for at in all_at if at < len(header)], read)
    if len(row) > len(header):
        read.wrong(header[-1], "is followed by more cells than the header has")
    given, family = _name(read, cell, column)
    born = read.day(column("birth_date"), cell("birth_date"))
    number = read.word(column("id"), cell("id"))
    points: tuple[ContactPoint, ...] = ()
    for name, system, use in (
        ("email", AddressSystem.EMAIL, PointUse.HOME),
        ("work_email", AddressSystem.EMAIL, PointUse.WORK),
        ("mobile", AddressSystem.PHONE, PointUse.MOBILE),
        ("home", AddressSystem.PHONE, PointUse.HOME),
        ("work", AddressSystem.PHONE, PointUse.WORK),
    ):
        found = read.point(column(name), system, cell(name), use, len(points) + 1)
        known = {point.address.key for point in points}
        points += tuple(point for point in found if point.address.key not in known)
    proxies = _proxy(read, cell, column)
    patient = Patient(
        id=number or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=points,
        proxies=proxies,
        form=_form(read, cell, column),
        preferred_channel=read.channel(column("preferred_channel"), cell("preferred_channel")),
        language=read.word(column("language"), cell("language")),
        timezone=read.zone(column("timezone"), cell("timezone")),
        postal_code=read.word(column("postal_code"), cell("postal_code")),
        state=_state(read, column("state"), cell("state")),
        best_time=read.word(column("best_time"), cell("best_time")),
        identifiers=read.identifiers(column("identifiers"), cell("identifiers")),
    )
    return Entry(
        read.row,
        patient,
        spoken_of(patient, {_FIELDS.get(name, name) for name in gone}),
        adds_proxies=True,
        name_only=not number and born is None,
    )


def _one_voice(name: str, said: list[tuple[str, str]], read: Reader) -> None:
    """Refuse two columns for one thing that contradict each other."""
    apart = Reader(read.row, read.country)
    meant: dict[Any, str] = {}
    for title, text in said:
        value = _CHOICES[name](apart, title, text) if name in _CHOICES else None
        meant.setdefault(value or " ".join(text.casefold().split()), title)
    if len(meant) > 1:
        read.wrong(" and ".join(meant.values()), "say different things of the same")


def _form(read: Reader, cell: Cell, column: Cell) -> PrivacyForm:
    empty = PrivacyForm()
    confidential = cell("confidential")
    system = AddressSystem.EMAIL if "@" in confidential else AddressSystem.PHONE
    only = read.point(column("confidential"), system, confidential, PointUse.HOME, 1)
    return PrivacyForm(
        form_date=read.past(column("form_date"), cell("form_date")),
        voicemail=read.voicemail(column("voicemail"), cell("voicemail")) or empty.voicemail,
        sms=read.consent(column("sms"), cell("sms")) or empty.sms,
        email=read.consent(column("email_consent"), cell("email_consent")) or empty.email,
        portal=read.consent(column("portal"), cell("portal")) or empty.portal,
        confidential=only[0].address if only else None,
        may_tell=read.confidants(column("may_tell"), cell("may_tell")),
        voicemail_on=read.numbers(column("voicemail_on"), cell("voicemail_on")),
        version=read.word(column("version"), cell("version")),
        email_warned=read.warned(
            column("email_warned"), cell("email_warned"), cell("email_warning")
        ),
        sms_warned=read.warned(column("sms_warned"), cell("sms_warned"), cell("sms_warning")),
        portal_state=read.portal(column("portal_state"), cell("portal_state"))
        or empty.portal_state,
    )


def _proxy(read: Reader, cell: Cell, column: Cell) -> tuple[Proxy, ...]:
    named = read.word(column("proxy_name"), cell("proxy_name"))
    points = read.point(
        column("proxy_email"), AddressSystem.EMAIL, cell("proxy_email"), PointUse.HOME, 1
    )
    points += read.point(
        column("proxy_phone"), AddressSystem.PHONE, cell("proxy_phone"), PointUse.HOME, 2
    )
    relation = read.word(column("proxy_relation"), cell("proxy_relation"))
    until = read.day(column("proxy_until"), cell("proxy_until"))
    if named:
        return (Proxy(named, relation, points, until),)
    if points or until:
        read.wrong(column("proxy_name"), "is empty, but something is said of a proxy")
    return ()


def _state(read: Reader, column: str, value: str) -> str:
    """Two letters; a state's whole name is reported, not guessed."""
    if value and not re.fullmatch(r"[A-Za-z]{2}", value):
        read.left_out(column, "is not two letters")
        return ""
    return value.upper()


def _name(read: Reader, cell: Cell, column: Cell) -> tuple[str, str]:
    given = read.word(column("given"), cell("given"))
    family = read.word(column("family"), cell("family"))
    whole = read.word(column("name"), cell("name"))
    if not given and not family and whole:
        if "," in whole:
            family, _, given = (part.strip() for part in whole.partition(","))
        else:
            given, _, family = (part.strip() for part in whole.rpartition(" "))
    if not given and not family:
        read.wrong(column("given"), "is empty")
    return given, family
