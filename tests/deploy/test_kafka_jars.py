import hashlib
from pathlib import Path

import pytest

from deploy import kafka_jars
from deploy.broker_error import BrokerError
from deploy.kafka_jars import Jar, cache_dir, class_path, kafka_version, locked_jars

_NAMES = ("kafka_2.13", "part")


@pytest.fixture(autouse=True)
def fresh_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def _lock(path: Path, monkeypatch: pytest.MonkeyPatch, *contents: bytes) -> list[Jar]:
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    lines = [f"org.it:{name}:1.0 {digest}" for name, digest in zip(_NAMES, digests, strict=False)]
    path.write_text("\n".join(["# a comment", *lines]))
    monkeypatch.setattr(kafka_jars, "_LOCK", path)
    return locked_jars()


def test_the_lock_pins_kafka_and_all_it_needs() -> None:
    jars = locked_jars()
    assert kafka_version().startswith("4.")
    assert {"kafka_2.13", "kafka-clients", "scala-library", "log4j-slf4j-impl"} <= {jar.name for jar in jars}
    assert all(len(jar.sha256) == 64 for jar in jars)
    assert len({(jar.group, jar.name) for jar in jars}) == len(jars)


def test_sound_jars_are_used_where_they_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jars = _lock(tmp_path / "lock", monkeypatch, b"zero", b"one")
    paths = [jar.path_in(cache_dir() / "jars") for jar in jars]
    assert str(paths[1]).endswith("/org/it/part/1.0/part-1.0.jar")
    for path, content in zip(paths, (b"zero", b"one"), strict=True):
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    monkeypatch.setattr(kafka_jars, "_fetch", lambda *_: pytest.fail("fetched a jar that was there"))
    assert class_path() == paths


def test_a_damaged_jar_is_fetched_again_and_never_used_unverified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (jar,) = _lock(tmp_path / "lock", monkeypatch, b"right")
    path = jar.path_in(cache_dir() / "jars")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"damaged")
    served = tmp_path / "served.jar"
    monkeypatch.setattr("jgo.maven.Artifact.resolve", lambda _: served)

    served.write_bytes(b"forged")
    with pytest.raises(
        BrokerError, match=r"org\.it:kafka_2\.13:1\.0 was fetched, but its SHA-256 is not [0-9a-f]{64}"
    ):
        class_path()
    assert path.read_bytes() == b"damaged"

    served.write_bytes(b"right")
    assert class_path() == [path]
    assert path.read_bytes() == b"right"


def test_without_a_network_one_line_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(BrokerError) as refusal:
        class_path()
    assert "from Maven Central, is the network reachable? (ConnectionRefusedError" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(BrokerError, match=r"cannot write .*/cache/freshet/jars: Not a directory"):
        class_path()
