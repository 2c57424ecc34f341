"""Against Dovecot and Postfix from Debian's packages, on loopback, without systemd.

Run with `make interop` (as root; the servers drop their rights to the users of their packages).
"""
