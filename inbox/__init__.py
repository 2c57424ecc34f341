"""The rules: plain Python, standard library only, no I/O."""
