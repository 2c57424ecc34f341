"""Patients from CSV, as other programs and spreadsheets write it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable

from inbox.address import AddressSystem
from inbox.errors import TwowayError
from inbox.patient import Confidant, ContactPoint, Patient, PointUse, PrivacyForm
from tui.importing.entry import Entry, Reader, Trouble, made_up_id

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
    "voicemail": "voicemail voicemail_consent voice_mail",
    "sms": "sms sms_consent text_consent texting text_ok",
    "email_consent": "email_consent email_ok e_mail_consent",
    "portal": "portal portal_consent",
    "form_date": "form_date privacy_form_date consent_date",
    "may_tell": "may_tell may_be_told",
}
_KNOWN = {alias: name for name, aliases in _NAMES.items() for alias in aliases.split()}
_MOST_ROWS = 200_000


def read_csv(content: bytes, country: str) -> tuple[list[Entry], list[Trouble], list[str]]:
    """Read a CSV file.

    Args:
        content: The bytes: UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252.
        country: For phone numbers without country code and dates with slashes.

    Returns:
        Patients, problems, and the names of columns that were not understood.

    Raises:
        TwowayError: it has no header with names in it.
    """
    text = decoded(content)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    header: list[str] = []
    entries, troubles = list[Entry](), list[Trouble]()
    columns: dict[str, int] = {}
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if not header:
                header = [cell.strip() for cell in row]
                columns = _columns(header)
                continue
            if len(entries) + len(troubles) > _MOST_ROWS:
                raise TwowayError(f"The file has more than {_MOST_ROWS} rows.", "Split it.")
            entry, wrong = _entry(row, rows.line_num, columns, header, country)
            troubles += wrong
            entries += [entry] if entry else []
    except csv.Error as error:
        raise TwowayError(
            f"Row {rows.line_num} of the file is not CSV: {error}.", "Export it again as CSV."
        ) from None
    if not header:
        raise TwowayError("The file is empty.", "Export it again as CSV with a header.")
    used = set(columns.values())
    return entries, troubles, [name for at, name in enumerate(header) if name and at not in used]


def decoded(content: bytes) -> str:
    """Bytes of a text file of unknown encoding."""
    if content[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    """The separator that the header has most of, outside quotes."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    bare = re.sub(r'"[^"]*"', "", first)
    return max(",;\t|", key=bare.count)


def _columns(header: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for at, cell in enumerate(header):
        name = _KNOWN.get(re.sub(r"[^a-z0-9]+", "_", cell.casefold()).strip("_"))
        if name is not None:
            found.setdefault(name, at)
    if not ({"given", "family"} <= found.keys() or "name" in found):
        raise TwowayError(
            "The first row of the file names no column for first and last name.",
            "Name the columns, for example: id, first name, last name, birth date, email, mobile.",
        )
    return found


def _entry(
    row: list[str], number: int, columns: dict[str, int], header: list[str], country: str
) -> tuple[Entry | None, list[Trouble]]:
    read = Reader(number, country)

    def cell(name: str) -> str:
        at = columns.get(name, -1)
        return row[at].strip() if 0 <= at < len(row) else ""

    def column(name: str) -> str:
        return header[columns[name]] if name in columns else name

    if len(row) > len(header):
        read.wrong(header[-1], "is followed by more cells than the header has")
    given, family = _name(read, cell, column)
    born = read.day(column("birth_date"), cell("birth_date"))
    points: tuple[ContactPoint, ...] = ()
    for name, system, use in (
        ("email", AddressSystem.EMAIL, PointUse.HOME),
        ("work_email", AddressSystem.EMAIL, PointUse.WORK),
        ("mobile", AddressSystem.PHONE, PointUse.MOBILE),
        ("home", AddressSystem.PHONE, PointUse.HOME),
        ("work", AddressSystem.PHONE, PointUse.WORK),
    ):
        points += read.point(column(name), system, cell(name), use, len(points) + 1)
    form = PrivacyForm()
    values = {
        "voicemail": read.voicemail(column("voicemail"), cell("voicemail")) or form.voicemail,
        "sms": read.consent(column("sms"), cell("sms")) or form.sms,
        "email": read.consent(column("email_consent"), cell("email_consent")) or form.email,
        "portal": read.consent(column("portal"), cell("portal")) or form.portal,
        "form_date": read.day(column("form_date"), cell("form_date")),
        "may_tell": tuple(
            Confidant(one.strip()) for one in cell("may_tell").split(";") if one.strip()
        ),
    }
    patient = Patient(
        id=read.word(column("id"), cell("id")) or made_up_id(given, family, born),
        given=given,
        family=family,
        birth_date=born,
        points=points,
        form=PrivacyForm(**values),  # type: ignore[arg-type] # each value is of its field's type
        preferred_channel=read.channel(column("preferred_channel"), cell("preferred_channel")),
        language=read.word(column("language"), cell("language")),
    )
    filled = {name for name in columns if cell(name)}
    speaks_of = {"id", "given", "family"} | filled & {
        "birth_date", "preferred_channel", "language", "voicemail", "sms", "portal",
        "form_date", "may_tell",
    }  # fmt: skip
    speaks_of |= {"points"} if points else set()
    speaks_of |= {"email"} if "email_consent" in filled else set()
    entry = None if read.troubles else Entry(number, patient, frozenset(speaks_of))
    return entry, read.troubles


def _name(
    read: Reader, cell: Callable[[str], str], column: Callable[[str], str]
) -> tuple[str, str]:
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
