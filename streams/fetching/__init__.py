"""An item's medium to bytes: from the web, from a folder, or out of the event itself; bounded in every respect.

`fetch.py` is the entry; what may be reached is decided in `urls.py`, `addresses.py` and `files.py`.
"""
