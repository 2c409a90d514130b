"""The benchmark: an open-loop generator, an observer of lists, and two plain loops to compare with."""
