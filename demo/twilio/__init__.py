"""Twilio in a box: numbers, texts, calls and voicemails on this machine, over the REST API."""
