"""What workers hold: users, their lists, item documents; and the snapshots that they start from."""


class StoreError(RuntimeError):
    """`FRESHET_STORE` cannot be used; the message says where it is, and why."""


class StoreUnavailableError(StoreError):
    """It cannot be used for now: it is full, or does not answer."""
