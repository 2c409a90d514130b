"""What workers hold in memory and how it is loaded: users, item documents, snapshots."""


class StoreError(RuntimeError):
    """`FRESHET_STORE` cannot be used or written; the message says where it is, and why."""
