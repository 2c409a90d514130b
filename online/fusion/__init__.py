"""One vector for each item, learned from all of its modalities."""
