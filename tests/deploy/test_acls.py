"""The file of ACLs, without a cluster: it is current, and says what the table says."""

from deploy.acls import FILE, script


def test_the_file_is_current() -> None:
    assert FILE.read_text() == script(), "run `python -m deploy.acls`"
    assert FILE.stat().st_mode & 0o111
