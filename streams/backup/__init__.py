"""A whole river in a folder or object store, and from there into empty topics of another cluster or prefix.

A backup of a river that flows is as one that was cut off by a crash: topics are read in such an order that nothing is
in what is derived and not in what it was derived from. Restored records lie at other places of other topics, so all
places that states, examples, lists and snapshots name are translated; workers then go on as after any crash.
"""


class BackupError(RuntimeError):
    """A backup is damaged, or cannot be made or restored here; the message says why, and what to try."""
