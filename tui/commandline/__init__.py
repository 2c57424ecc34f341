"""The commands of `twoway`: each thing the screen does, and setting up, in plain words."""
