"""From what is known of items and of one user to a ranked list. One instance a process, one thread."""
