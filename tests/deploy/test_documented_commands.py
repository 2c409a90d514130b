"""Commands that the documents name are ones that the command line takes, whether or not a test runs them."""

import re
import shlex
from typing import Any

import pytest
from typer.main import get_command

from streams.cli import app
from tests.documents import PAGES, ROOT, commands

NAMED = sorted({(page.name, command) for page in PAGES for command in commands(page, "freshet")})


@pytest.mark.parametrize(("page", "line"), NAMED)
def test_a_verb_and_its_options_exist(page: str, line: str) -> None:
    command: Any = get_command(app)
    words = shlex.split(re.sub(r"[\[\]…]", " ", line), comments=True)[1:]
    while words and hasattr(command, "commands") and not words[0].startswith("-"):
        assert words[0] in command.commands, f"{page}: {line}"
        command = command.commands[words.pop(0)]
    known = {name for option in command.params for name in (*option.opts, *option.secondary_opts, "--help")}
    for word in words:
        if word.startswith("--"):
            assert word.partition("=")[0] in known, f"{page}: {line}"


@pytest.mark.parametrize("page", [page.name for page in PAGES])
def test_links_lead_to_files_that_are_there(page: str) -> None:
    (path,) = (known for known in PAGES if known.name == page)
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), f"{page}: {target}"


def test_make_knows_what_the_documents_tell_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for page in PAGES:
        for line in commands(page, "make"):
            for target in re.findall(r"^make (\w+)", line):
                assert re.search(rf"^{target}:", makefile, re.M), f"{page.name}: {line}"
