"""Renew the lock of Kafka's jars: `python -m deploy.kafka_lock 4.3.1 > deploy/kafka-jars.lock`."""

import hashlib
import sys
import tempfile
from pathlib import Path

import typer
from jgo.maven import Artifact, MavenContext

_HEADER = """\
# Apache Kafka's broker and everything on its class path: Maven coordinate and SHA-256 of the jar.
# Renewed by: python -m deploy.kafka_lock VERSION > deploy/kafka-jars.lock"""


def lock(kafka_version: str) -> str:
    """Resolve, fetch and hash the class path of that Kafka release: the text of the lock."""
    with tempfile.TemporaryDirectory() as folder:
        source = MavenContext(repo_cache=Path(folder))
        roots, needed = source.resolver.resolve(
            [source.create_dependency(f"org.apache.kafka:kafka_2.13:{kafka_version}")]
        )
        # Kafka's distribution adds the bridge from slf4j to log4j; its broker jar alone does not ask for it.
        log4j = next(each.version for each in needed if each.artifactId == "log4j-core")
        bridge = source.create_dependency(f"org.apache.logging.log4j:log4j-slf4j-impl:{log4j}")
        return "\n".join([_HEADER, *sorted(_line(each.artifact) for each in [*roots, *needed, bridge])])


def _line(artifact: Artifact) -> str:
    digest = hashlib.sha256(artifact.resolve().read_bytes()).hexdigest()
    return f"{artifact.groupId}:{artifact.artifactId}:{artifact.version} {digest}"


if __name__ == "__main__":
    typer.echo(lock(sys.argv[1]))
