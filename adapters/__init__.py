"""The outside world: one package a channel, one vendor library each."""
