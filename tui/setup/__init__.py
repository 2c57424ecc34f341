"""The first set-up: plain questions, both ways tested, a configuration at the end."""
