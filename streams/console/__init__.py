"""The console: a page to watch the river by, and a read API for those who can't speak Kafka.

`app.py` puts it together, `operations.py` lists what can be asked, `river.py` is what is followed.
"""
