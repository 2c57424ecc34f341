"""Screens: they take services through their constructor and show them with widgets."""
