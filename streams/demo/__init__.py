"""`freshet demo`: the whole river on one machine, with real shoppers, watched in a terminal."""
