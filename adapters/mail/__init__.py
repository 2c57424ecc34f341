"""E-mail: IMAP in, SMTP out, and the pure functions between bytes and messages."""
