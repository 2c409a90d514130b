"""Prequential evaluation: the list that stands is scored against what the user did next, then learned."""
