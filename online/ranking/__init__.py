"""Ranking of candidates: the fixed blend, behind the interface a learned ranking takes over."""
