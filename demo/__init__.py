"""The outside world in a box: loopback servers and patients who answer."""
