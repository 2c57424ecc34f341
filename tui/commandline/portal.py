"""What a portal's vendor wants to have from us: `twoway doctor --portal-key`."""

from __future__ import annotations

import json
from argparse import Namespace

from tui.commandline.output import Output
from tui.commandline.session import configuration_of


def show_key(options: Namespace, output: Output) -> int:
    """Print the public half of a portal line's key; make the key when there is none yet."""
    from tui.setup.portal_key import portal_key

    key = portal_key(configuration_of(options), options.portal_key, options.key_kind)
    if key.made:
        output.progress(f"Made a key: {key.path} (for your eyes only; it never leaves here).")
    output.progress(f"Hand this to the portal's vendor; the name of the key is {key.kid}.")
    output.document(key.public)
    output.line(json.dumps(key.public, indent=2))
    return 0
