"""The file of ACLs, without a cluster: it is current, and says what the table says."""

from deploy.acls import FILE, script
from streams.access import NEEDS
from tests.documents import ROOT


def test_the_file_is_current() -> None:
    assert FILE.read_text() == script(), "run `python -m deploy.acls`"
    assert FILE.stat().st_mode & 0o111


def test_the_page_says_what_the_table_says() -> None:
    page = (ROOT / "docs" / "security.md").read_text()
    for role, needs in NEEDS.items():
        reads, writes = (", ".join(f"`{base}`" for base in bases) for bases in (needs.reads, needs.writes))
        joins = f"`freshet-{needs.commits}`" if needs.commits else ""
        assert f"| `{role}` | {reads} | {writes} | {joins} |\n" in page
