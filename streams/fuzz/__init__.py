"""`freshet fuzz`: the whole river under hostile input, and the proof that each message was applied or refused."""
