"""State, statistics, ranking, learning and evaluation: plain Python and numpy, with the clock passed in."""
