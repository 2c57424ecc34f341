"""The memory channel: the shortest complete adapter, for tests and as an example to follow."""
