"""Searching everything for users who were erased, or for an item that was deleted: topics, files, live workers."""
