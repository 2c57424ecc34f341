"""What every channel that speaks HTTP needs: which hosts are this machine, and bounded bodies."""
