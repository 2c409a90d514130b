"""What workers hold in memory and how it is loaded: users, item documents, snapshots."""
