"""The screen, the command line and the wiring; the only place that knows Textual."""
