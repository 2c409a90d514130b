"""Smaller encoders: the weights of a network in fewer bytes, and how much of its vectors is left."""
