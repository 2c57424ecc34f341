"""The account's things as the API shows them (2010-04-01, and Messaging v1)."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any

from demo.twilio.account import Account
from demo.twilio.record import Call, File, Number, Recording, Service, Text, Transcription, sid

VERSION = "2010-04-01"


def when(at: datetime | None) -> str | None:
    """A time as RFC 2822, in UTC."""
    return None if at is None else format_datetime(at)


def iso(at: datetime) -> str:
    """A time as Messaging v1 writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def root(account: Account) -> str:
    """The path all resources of an account begin with."""
    return f"/{VERSION}/Accounts/{account.sid}"


def account_json(account: Account) -> dict[str, Any]:
    """The account itself."""
    names = ("Calls", "Messages", "Recordings", "Transcriptions", "IncomingPhoneNumbers")
    return {
        "sid": account.sid,
        "owner_account_sid": account.sid,
        "friendly_name": "Lakeside Family Practice",
        "status": account.status,
        "type": "Full",
        "auth_token": "hidden",
        "date_created": when(account.now),
        "date_updated": when(account.now),
        "subresource_uris": {name.lower(): f"{root(account)}/{name}.json" for name in names},
        "uri": f"{root(account)}.json",
    }


def text_json(account: Account, text: Text) -> dict[str, Any]:
    """One text."""
    uri = f"{root(account)}/Messages/{text.sid}"
    paid = text.status in {"sent", "delivered", "undelivered", "received"}
    return {
        "account_sid": account.sid,
        "api_version": VERSION,
        "body": text.body,
        "date_created": when(text.created),
        "date_sent": when(text.sent),
        "date_updated": when(text.updated),
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": None if text.error_code is None else f"Error {text.error_code}",
        "from": text.sender,
        "messaging_service_sid": text.service_sid,
        "num_media": str(len(text.files)),
        "num_segments": str(text.segments),
        "price": "-0.00750" if paid else None,
        "price_unit": "USD",
        "sid": text.sid,
        "status": text.status,
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
        "to": text.to,
        "uri": f"{uri}.json",
        **text.more,
    }


def file_json(account: Account, text: Text, file: File) -> dict[str, Any]:
    """One picture of a text."""
    return {
        "account_sid": account.sid,
        "content_type": file.content_type,
        "date_created": when(file.created),
        "date_updated": when(file.created),
        "parent_sid": text.sid,
        "sid": file.sid,
        "uri": f"{root(account)}/Messages/{text.sid}/Media/{file.sid}.json",
    }


def number_json(account: Account, number: Number) -> dict[str, Any]:
    """One number of the account."""
    return {
        "account_sid": account.sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": VERSION,
        "beta": False,
        "bundle_sid": None,
        "capabilities": {
            "voice": number.voice,
            "sms": number.sms,
            "mms": number.sms,
            "fax": False,
        },
        "date_created": when(account.now),
        "date_updated": when(account.now),
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "emergency_status": "Inactive",
        "friendly_name": number.phone_number,
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": number.sms_url,
        "status": number.status,
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "type": number.type,
        "uri": f"{root(account)}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_receive_mode": "voice",
        "voice_url": number.voice_url,
    }


def call_json(account: Account, call: Call) -> dict[str, Any]:
    """One leg of a call."""
    now = account.now
    ended = call.ended(now)
    begun = call.moment("in-progress", now)
    seconds = int((ended - begun).total_seconds()) if ended and begun else 0
    number = account.numbers.get(call.to if call.direction == "inbound" else call.sender)
    uri = f"{root(account)}/Calls/{call.sid}"
    below = [
        "notifications",
        "recordings",
        "payments",
        "events",
        "siprec",
        "streams",
        "transcriptions",
        "user_defined_message_subscriptions",
        "user_defined_messages",
    ]
    return {
        "account_sid": account.sid,
        "annotation": None,
        "answered_by": None,
        "api_version": VERSION,
        "caller_name": "",
        "date_created": when(call.created),
        "date_updated": when(ended or call.created),
        "direction": call.direction,
        "duration": str(seconds) if ended else None,
        "end_time": when(ended),
        "forwarded_from": None,
        "from": call.sender,
        "from_formatted": call.sender,
        "group_sid": None,
        "parent_call_sid": call.parent,
        "phone_number_sid": number.sid if number else "",
        "price": "-0.03000" if ended else None,
        "price_unit": "USD",
        "queue_time": "0",
        "sid": call.sid,
        "start_time": when(begun or ended),
        "status": call.status(now),
        "subresource_uris": {
            name: f"{uri}/{''.join(word.capitalize() for word in name.split('_'))}.json"
            for name in below
        },
        "to": call.to,
        "to_formatted": call.to,
        "trunk_sid": "",
        "uri": f"{uri}.json",
        **call.more,
    }


def recording_json(account: Account, recording: Recording) -> dict[str, Any]:
    """What was recorded of a call."""
    uri = f"{root(account)}/Recordings/{recording.sid}"
    return {
        "account_sid": account.sid,
        "api_version": VERSION,
        "call_sid": recording.call_sid,
        "channels": 1,
        "conference_sid": None,
        "date_created": when(recording.created),
        "date_updated": when(recording.ready),
        "duration": str(recording.seconds),
        "encryption_details": None,
        "error_code": None,
        "media_url": f"https://api.twilio.com{uri}",
        "price": "-0.00250",
        "price_unit": "USD",
        "sid": recording.sid,
        "source": recording.source,
        "start_time": when(recording.created),
        "status": "completed",
        "subresource_uris": {
            "add_on_results": f"{uri}/AddOnResults.json",
            "transcriptions": f"{uri}/Transcriptions.json",
        },
        "uri": f"{uri}.json",
    }


def transcription_json(account: Account, one: Transcription) -> dict[str, Any]:
    """What a machine understood."""
    done = one.ready <= account.now
    return {
        "account_sid": account.sid,
        "api_version": "2008-08-01",
        "date_created": when(one.created),
        "date_updated": when(one.ready),
        "duration": "10",
        "price": "-0.05000",
        "price_unit": "USD",
        "recording_sid": one.recording_sid,
        "sid": one.sid,
        "status": one.status if done else "in-progress",
        "transcription_text": one.text if done else None,
        "type": "fast",
        "uri": f"{root(account)}/Transcriptions/{one.sid}.json",
    }


def caller_id_json(account: Account, number: str) -> dict[str, Any]:
    """A number outside Twilio that may be shown to those who are called."""
    name = sid("PN", "caller", number)
    return {
        "account_sid": account.sid,
        "date_created": when(account.now),
        "date_updated": when(account.now),
        "friendly_name": number,
        "phone_number": number,
        "sid": name,
        "uri": f"{root(account)}/OutgoingCallerIds/{name}.json",
    }


def service_json(account: Account, service: Service) -> dict[str, Any]:
    """A Messaging Service."""
    url = f"https://messaging.twilio.com/v1/Services/{service.sid}"
    return {
        "account_sid": account.sid,
        "area_code_geomatch": True,
        "date_created": iso(account.now),
        "date_updated": iso(account.now),
        "fallback_method": "POST",
        "fallback_to_long_code": True,
        "fallback_url": None,
        "friendly_name": service.name,
        "inbound_method": "POST",
        "inbound_request_url": service.inbound_request_url,
        "links": {
            "phone_numbers": f"{url}/PhoneNumbers",
            "us_app_to_person": f"{url}/Compliance/Usa2p",
        },
        "mms_converter": True,
        "scan_message_content": "inherit",
        "sid": service.sid,
        "smart_encoding": True,
        "status_callback": None,
        "sticky_sender": True,
        "synchronous_validation": False,
        "url": url,
        "us_app_to_person_registered": service.registered,
        "use_inbound_webhook_on_number": service.use_inbound_webhook_on_number,
        "usecase": "undeclared",
        "validity_period": 14400,
    }


def service_number_json(account: Account, service: Service, number: Number) -> dict[str, Any]:
    """A number as a member of a service."""
    return {
        "account_sid": account.sid,
        "capabilities": ["SMS", "Voice"],
        "country_code": "US",
        "date_created": iso(account.now),
        "date_updated": iso(account.now),
        "phone_number": number.phone_number,
        "service_sid": service.sid,
        "sid": number.sid,
        "url": f"https://messaging.twilio.com/v1/Services/{service.sid}/PhoneNumbers/{number.sid}",
    }


def campaign_json(account: Account, service: Service) -> dict[str, Any]:
    """The 10DLC campaign of a service."""
    name = sid("QE", service.sid)
    return {
        "account_sid": account.sid,
        "brand_registration_sid": sid("BN", account.sid),
        "campaign_id": "CFOOBAR",
        "campaign_status": service.campaign,
        "date_created": iso(account.now),
        "date_updated": iso(account.now),
        "description": "Messages between a practice and its patients",
        "errors": [],
        "has_embedded_links": True,
        "has_embedded_phone": True,
        "is_externally_registered": False,
        "message_samples": ["Reply STOP to get no more texts."],
        "messaging_service_sid": service.sid,
        "mock": False,
        "rate_limits": {},
        "sid": name,
        "url": f"https://messaging.twilio.com/v1/Services/{service.sid}/Compliance/Usa2p/{name}",
        "us_app_to_person_usecase": "LOW_VOLUME",
    }
