"""Texts and calls by Twilio's REST API, polled: behind an ordinary router, without a webhook."""
