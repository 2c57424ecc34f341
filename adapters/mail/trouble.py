"""What goes wrong between us and a mail server, as sentences.

Nothing here quotes an address, a password or a message.
"""

from __future__ import annotations

import re
import socket
import ssl

from inbox.errors import ChannelError, ConfigurationError, ConnectionLost, TlsRefused
from inbox.plain import plain_line

_ADDRESS = re.compile(r"<[^<>]*>|\S+@\S+")


def client_context(cafile: str | None) -> ssl.SSLContext:
    """A TLS context that checks certificates and names.

    Args:
        cafile: PEM file of the authorities to trust instead of the system's.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        return ssl.create_default_context(cafile=cafile)
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"The file of trusted certificates cannot be read: {cafile}",
            "Give the path of a PEM file, or leave tls_cafile out to trust what the system trusts.",
        ) from error


def network_trouble(error: OSError, host: str, port: int, *, connecting: bool) -> ChannelError:
    """The error to raise for what the network or TLS said.

    Args:
        error: What was caught.
        host: The server's name, as configured.
        port: Its port.
        connecting: Whether the connection was being set up; later a TLS error is a lost connection.
    """
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", "") or "the certificate was not accepted"
        return TlsRefused(
            f"{host} could not prove who it is: {why}.",
            "Check the server name. For a server of your own, set tls_cafile to its certificate.",
        )
    if isinstance(error, ssl.SSLError) and connecting and not isinstance(error, _DROPPED):
        return TlsRefused(
            f"No private connection to {host} on port {port} could be made.",
            'Check the port and whether security is "tls" or "starttls".',
        )
    if isinstance(error, socket.gaierror):
        return ConnectionLost(
            f"The server {host} was not found.", "Check its name and the internet connection."
        )
    if isinstance(error, ConnectionRefusedError):
        return ConnectionLost(
            f"{host} does not answer on port {port}.", "Check the port, or try again later."
        )
    if isinstance(error, TimeoutError):
        return ConnectionLost(f"{host} did not answer in time.", "It is tried again by itself.")
    if connecting:
        return ConnectionLost(
            f"{host} could not be reached on port {port}.", "Check the internet connection."
        )
    return dropped(host)


_DROPPED = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def dropped(host: str) -> ConnectionLost:
    """The error for a connection that ended without a word."""
    return ConnectionLost(f"The connection to {host} dropped.", "It is tried again by itself.")


def server_words(text: str) -> str:
    """What a server said, safe to show and without the addresses in it."""
    return plain_line(_ADDRESS.sub("…", text), 160).rstrip(". ")
