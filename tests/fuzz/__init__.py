"""Seeded mutations of sound files: whatever a file holds, it becomes a vector or a reason."""
