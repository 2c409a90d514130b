"""`freshet soak`: a seeded script of faults against real processes, and the proof that nothing was lost."""
