"""Business rules: what a list must, may not and should hold whatever ranks it."""
