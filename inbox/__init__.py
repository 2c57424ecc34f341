"""The rules of Twoway: plain Python, standard library only, no I/O."""
