"""A configuration with everything in it, to be spoiled one line at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.config.reading import Configuration, ConfigurationRefused, parse_configuration

WHOLE = """\
[practice]
name = "Lakeside Family Practice"   # as on the door
timezone = "America/Chicago"
country = "US"
scheduling_url = "https://lakeside.example/book"

[hours]
mon = "08:00-12:00, 13:00-17:00"
fri = "08:00-12:00"

[hours.front-desk]
sat = "09:00-11:00"

[answering_service]
number = "+15550107790"
takes_messages = true
heads_up = { channel = "sms", to = "+15550107791" }

[[staff]]
id = "dana"
name = "Dana Reyes"
direct_line = "+15550107701"
email = "dana@lakeside.example"

[[staff]]
id = "lee"
name = "Lee Okafor"

[[line]]
id = "front-desk"
channel = "email"
address = "frontdesk@lakeside.example"
name = "Lakeside front desk"
also = ["desk@lakeside.example"]
imap = { host = "imap.lakeside.example", port = 993, security = "tls", user = "frontdesk" }
smtp = { host = "smtp.lakeside.example", security = "starttls", user = "frontdesk" }
password = { command = "pass show 'lakeside front'" }

[[line]]
id = "texts"
channel = "sms"
number = "+15550107788"
account_sid = "AC00000000000000000000000000000000"
auth_token = { env = "TWILIO_TOKEN" }

[[line]]
id = "main-phone"
channel = "phone"
number = "+15550107700"
provider = "manual"

[[line]]
id = "portal"
channel = "portal"
base_url = "https://ehr.example/fhir"
auth = { kind = "backend-services", client_id = "c", key_file = "key.pem", kid = "k" }

[keys]
reply = "R"

[screen]
theme = "twoway-light"
"""


def read(text: str) -> Configuration:
    return parse_configuration(text, Path("/etc/practice.toml"))


def problems(old: str, new: str) -> list[tuple[str, str]]:
    """What is said of the whole file with `old` replaced by `new`."""
    assert old in WHOLE
    with pytest.raises(ConfigurationRefused) as caught:
        read(WHOLE.replace(old, new, 1))
    assert (caught.value.sentence, caught.value.hint) == caught.value.problems[0]
    return list(caught.value.problems)
