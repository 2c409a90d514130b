"""What workers hold in memory and how it is loaded: users, item documents, snapshots."""


class StoreError(RuntimeError):
    """`FRESHET_STORE` cannot be used; the message says where it is, and why."""


class StoreUnavailableError(StoreError):
    """It cannot be used for now: it is full, or does not answer."""
