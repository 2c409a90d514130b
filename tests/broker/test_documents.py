"""Every command of README and docs, typed in their order; and the programs for other clients."""

import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.embedded_kafka import running_bootstrap, stop_running
from deploy.kafka_jars import class_path
from streams.cli import app
from streams.settings import PREFIX, TEXT_ONLY
from tests.broker.river import wait_for
from tests.documents import ROOT, Block, blocks

pytestmark = pytest.mark.timeout(600)
"""A loaded machine takes minutes to start three workers."""
LIMIT_S = 120
ADDRESS = "localhost:9092"
"""Where the programs of the documents expect Kafka."""
README_FILES = {
    "items.csv": "id,name\ni1,Lamp\ni2,Desk\n",
    "events.csv": "user,item\nu1,i1\nu2,i1\nu2,i2\n",
}


class Shell:
    """A terminal in a folder of its own: what is exported stays, what runs in the background goes on."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        encoders = {"text_encoder": "hashing", **TEXT_ONLY}
        self._environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        self._environ |= {PREFIX + name.upper(): value for name, value in encoders.items()}
        self._environ |= {
            f"{PREFIX}HOME": str(self.home),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
        }
        self._folder = folder
        self._background: dict[str, subprocess.Popen[bytes]] = {}

    def write(self, name: str, text: str) -> None:
        """Makes a file of the folder."""
        (self._folder / name).write_text(text)

    def type(self, line: str) -> str:
        """Runs a command as a person would, and returns what it printed.

        Raises:
            AssertionError: It failed; the message is what it printed.
        """
        words = shlex.split(line, comments=True)
        if words[0] in ("make", "."):
            return ""  # that would test in a test; the virtual environment is there
        if words[-1] == "&":
            return self._start(shlex.join(words[:-1]))
        if words[0] == "kill":
            return self._end(list(self._background)[int(words[1].removeprefix("%")) - 1])
        if "--follow" in words and "--limit" not in words:
            return self._watch(line)
        assert words[0] == "freshet", f"what is to be done with {line!r}?"
        return self._invoke(words[1:])

    def run(self, block: Block) -> str:
        """Runs a program, with Kafka's address put in."""
        text = block.text.replace(ADDRESS, self.bootstrap)
        if block.language == "python":
            return self._execute([sys.executable, "-c", text])
        self.write(block.name, text)
        classes = ":".join(map(str, class_path()))
        return self._execute(["java", "-cp", classes, str(self._folder / block.name)])

    def said_beside(self) -> str:
        """What was printed by all that ran in the background."""
        return (self._folder / "background.log").read_text()

    @property
    def bootstrap(self) -> str:
        """Where the broker is that was started here."""
        return running_bootstrap(self.home / "broker") or ""

    def close(self) -> None:
        """Ends everything."""
        for line in list(self._background):
            self._end(line)
        stop_running(self.home / "broker")

    def _invoke(self, arguments: list[str]) -> str:
        """Runs a verb, and again where it says that something is not there yet."""
        deadline_s = time.monotonic() + LIMIT_S
        while True:
            with contextlib.chdir(self._folder):
                result = CliRunner().invoke(app, arguments, env=dict(self._environ), catch_exceptions=False)
            if result.exit_code == 0:
                return result.output
            is_early = any(word in result.output for word in (" yet", ": waiting"))
            assert is_early, f"freshet {shlex.join(arguments)}: {result.output}"
            assert time.monotonic() < deadline_s, f"freshet {shlex.join(arguments)}: still {result.output}"
            time.sleep(0.5)

    def _execute(self, command: list[str]) -> str:
        done = subprocess.run(
            command,
            cwd=self._folder,
            env=self._environ,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )
        assert done.returncode == 0, f"{command[-1]}: {done.stdout}{done.stderr}"
        return done.stdout

    def _start(self, command: str) -> str:
        """Starts it, unless the same runs: pages start the same workers."""
        if command not in self._background:
            log = (self._folder / "background.log").open("ab")
            self._background[command] = subprocess.Popen(
                shlex.split(command), cwd=self._folder, env=self._environ, stdout=log, stderr=log
            )
        return ""

    def _end(self, command: str) -> str:
        process = self._background.pop(command)
        process.terminate()
        process.wait(LIMIT_S)
        return ""

    def _watch(self, line: str) -> str:
        """Looks at what follows until something comes, then presses Ctrl-C."""
        # A child inherits ignored interrupts, which a shell's background jobs have; not a handler.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        process = subprocess.Popen(
            ["bash", "-c", f"exec {line}"],
            cwd=self._folder,
            env=self._environ,
            stdout=subprocess.PIPE,
            text=True,
        )
        signal.signal(signal.SIGINT, before)
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == 0, line
        return first


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shell = Shell(tmp_path_factory.mktemp("documents"))
    yield shell
    shell.close()


def test_the_readme_does_what_it_says(shell: Shell) -> None:
    for name, text in README_FILES.items():
        shell.write(name, text)
    typed = [block for block in blocks(ROOT / "README.md") if block.language in ("", "sh")]
    assert any(line.startswith("freshet worker all &") for block in typed for line in block.lines)
    printed = {line: shell.type(line) for block in typed for line in block.lines}
    assert any(line.startswith("u1: ") for line in printed.values())
    wait_for(lambda: "freshet: all workers are ready\n" in shell.said_beside(), LIMIT_S, shell.said_beside)
    for role in ("encode", "learn", "recommend"):
        line = rf"^freshet: {role} worker \d+ is ready: Kafka at {shell.bootstrap}, metrics at http://"
        assert re.search(line, shell.said_beside(), re.MULTILINE)


def test_clients_of_other_languages_get_their_lists(shell: Shell) -> None:
    programs = [
        block for block in blocks(ROOT / "docs" / "clients.md") if block.language in ("python", "java")
    ]
    assert [block.language for block in programs] == ["python", "python", "python", "python", "java"]
    if shutil.which("javac") is None:
        programs = programs[:-1]  # what runs Java without a compiler cannot run a source
    for block in programs:
        assert len(shell.run(block)) > 10 or "basket" in block.text


def test_go_and_kcat_are_what_they_should_be(shell: Shell) -> None:
    for block in blocks(ROOT / "docs" / "clients.md"):
        if block.language == "go" and shutil.which("gofmt"):
            done = subprocess.run(
                ["gofmt", "-l"], input=block.text, capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (0, ""), done.stderr
        for line in block.lines if block.language == "kcat" else ():
            check = ["bash", "-c", line.replace(ADDRESS, shell.bootstrap)]
            subprocess.run(
                check if shutil.which("kcat") else ["bash", "-n", *check[1:]], check=True, timeout=LIMIT_S
            )


def test_the_tutorial_leads_where_it_says(shell: Shell) -> None:
    printed: dict[str, list[str]] = {}
    for block in blocks(ROOT / "docs" / "tutorial.md"):
        if block.language == "csv":
            shell.write(block.name, block.text)
        for line in block.lines if block.language == "sh" else ():
            if line.startswith("freshet broker stop"):
                status = json.loads(shell.type("freshet status --json -"))
                assert sum(row["lag_events"] for row in status["lag"] if row["topic"] == "interactions") == 0
            printed.setdefault(line, []).append(shell.type(line))
    (kims,) = printed["freshet lists --user kim"]
    assert "p2" not in kims
    (trace,) = printed["freshet trace e12 --user ann"]
    assert "e12: answered" in trace
    assert shell.bootstrap == ""
