"""The first list comes before everything that it does not need."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.clone import ROOT

LATER = {
    # vendors, and what is dear to import
    "adapters", "aiohttp", "aiosmtplib", "email", "holidays", "hypothesis", "imapclient", "keyring",
    "phonenumbers", "pytest", "tomlkit", "twilio", "textual.widgets._text_area",
    # what begins once the list is painted
    "inbox.backoffice", "inbox.filing", "inbox.handed_over", "inbox.outbox", "inbox.proving",
    "inbox.sync",
    # what a draft needs, or another screen
    "inbox.filling", "inbox.rules", "inbox.said", "inbox.search", "inbox.searching",
    "inbox.templating", "store.search_page", "store.search_plan",
    "tui.demonstration", "tui.doctor", "tui.importing", "tui.screens.ask", "tui.screens.choose",
    "tui.screens.help", "tui.screens.lines", "tui.screens.outbox", "tui.screens.search",
    "tui.setup", "tui.smoke", "tui.widgets.composer",
}  # fmt: skip

PRACTICE = """
[practice]
name = "Lakeside Family Practice"
timezone = "America/Chicago"
country = "US"

[hours]
mon = "08:00-17:00"

[[staff]]
id = "dana"
name = "Dana Reyes"

[[line]]
id = "front-desk"
channel = "email"
address = "frontdesk@lakeside.example"
imap = { host = "127.0.0.1", port = 1, security = "none", user = "frontdesk" }
smtp = { host = "127.0.0.1", port = 1, security = "none", user = "frontdesk" }
password = { env = "TWOWAY_TEST_PASSWORD" }
"""

FIRST_LIST = """
import asyncio, sys
from pathlib import Path
import tui.commandline.opening
from tui.app import TwowayApp
from tui.config.reading import read_configuration
from tui.wiring import open_office

async def main(folder):
    configuration = read_configuration(folder / "practice.toml")
    practice = configuration.practice
    app = TwowayApp(
        lambda: open_office(configuration, folder / "data", "dana"), practice, practice.staff[0]
    )
    loaded = []

    def listed():
        # Instead of the connections, which come right after the first list.
        loaded.extend(sys.modules)
        app.exit()

    app._start_soon = listed
    await app.run_async(headless=True, size=(120, 36))
    (folder / "loaded").write_text("\\n".join(loaded))

asyncio.run(main(Path(sys.argv[1])))
"""


def test_the_first_list_imports_nothing_that_can_wait(tmp_path: Path) -> None:
    (tmp_path / "practice.toml").write_text(PRACTICE, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", FIRST_LIST, str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set((tmp_path / "loaded").read_text(encoding="utf-8").splitlines())
    assert {"tui.app", "store.database", "inbox.desk"} <= loaded, "the list was shown"
    assert loaded & LATER == set()
