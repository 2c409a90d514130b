"""Kafka's jars: fetched once with jgo, and checked against the lock at every start."""

import hashlib
import os
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import typer

from deploy.broker_error import BrokerError, writing

_LOCK = Path(__file__).with_name("kafka-jars.lock")
_FETCHERS = 4
_TIMEOUT_S = 20


@dataclass(frozen=True)
class Jar:
    """One locked jar."""

    group: str
    name: str
    version: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"

    def path_in(self, cache: Path) -> Path:
        """Where the jar lies below `cache`: laid out like a Maven repository."""
        return (
            cache
            / self.group.replace(".", "/")
            / self.name
            / self.version
            / f"{self.name}-{self.version}.jar"
        )

    def is_sound(self, path: Path) -> bool:
        """Whether the file at `path` is this jar, bit by bit."""
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256


def cache_dir() -> Path:
    """The folder that keeps what was fetched, for every project of this user."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "freshet"


def locked_jars() -> list[Jar]:
    """Every jar of the broker's class path, as locked."""
    return [_jar(*line.split()) for line in _LOCK.read_text().splitlines() if not line.startswith("#")]


def _jar(coordinate: str, sha256: str) -> Jar:
    group, name, version = coordinate.split(":")
    return Jar(group, name, version, sha256)


def kafka_version() -> str:
    """The locked release of Apache Kafka."""
    return next(jar.version for jar in locked_jars() if jar.name == "kafka_2.13")


def class_path() -> list[Path]:
    """The broker's jars, every one verified; those missing or damaged are fetched first.

    Raises:
        BrokerError: a jar cannot be fetched, or what was fetched is not what the lock says.
    """
    cache = cache_dir() / "jars"
    jars = locked_jars()
    missing = [jar for jar in jars if not jar.is_sound(jar.path_in(cache))]
    if missing:
        with writing(cache):
            _fetch_all(missing, cache)
    return [jar.path_in(cache) for jar in jars]


def _fetch_all(jars: Sequence[Jar], cache: Path) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    title = f"Fetching Apache Kafka {kafka_version()}, once, into {cache}"
    with (
        tempfile.TemporaryDirectory(dir=cache, prefix="fetching-") as folder,
        ThreadPoolExecutor(_FETCHERS) as fetchers,
        typer.progressbar(length=len(jars), label=title, file=sys.stderr) as progress,
    ):
        try:
            for _ in fetchers.map(lambda jar: _fetch(jar, Path(folder), cache), jars):
                progress.update(1)
        except BrokerError:
            fetchers.shutdown(cancel_futures=True)
            raise


def _fetch(jar: Jar, folder: Path, cache: Path) -> None:
    """Fetch into a folder of this process, verify, then move: no reader ever sees half a jar."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - half a second to import, needed once per machine

    source = MavenContext(repo_cache=folder, timeout=_TIMEOUT_S)
    try:
        fetched: Path = source.project(jar.group, jar.name).at_version(jar.version).artifact().resolve()
    except (OSError, RuntimeError) as error:
        message = f"cannot fetch {jar} from Maven Central, is the network reachable? ({_root_cause(error)})"
        raise BrokerError(message) from error
    if not jar.is_sound(fetched):
        message = (
            f"{jar} was fetched, but its SHA-256 is not {jar.sha256} as locked in {_LOCK.name}: not used"
        )
        raise BrokerError(message)
    target = jar.path_in(cache)
    target.parent.mkdir(parents=True, exist_ok=True)
    fetched.replace(target)


def _root_cause(error: BaseException) -> str:
    """The first line of the innermost error: `Connection refused`, not six layers of clients around it."""
    inner = error.__cause__ or error.__context__
    if inner is not None:
        return _root_cause(inner)
    return f"{type(error).__name__}: {error}".splitlines()[0]
