"""Searching everything for somebody who was erased: topics, files, live workers."""
