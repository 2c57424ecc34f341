"""What arrivals say between their lines: one small function for each inbound rule."""
