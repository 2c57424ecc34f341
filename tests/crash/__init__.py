"""Sudden death: the process and the network, at every step; nothing lost, nothing twice."""
