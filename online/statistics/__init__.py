"""Streaming statistics, one a file: pure folds over the examples, in bounded memory."""
