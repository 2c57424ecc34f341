"""Tests of the outside world in a box, with clients nobody on the project wrote."""
