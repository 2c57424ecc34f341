"""Widgets: they take data and post messages; none of them calls a service."""
