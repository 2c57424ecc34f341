"""What Twoway costs, measured as ratios within one run: `make bench`.

A benchmark looks; it judges nothing and fails only when it cannot run. Machines differ and are
busy, so each figure stands beside one of something bare that was measured in the same minute.
"""
