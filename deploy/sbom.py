"""The software bill of materials, CycloneDX 1.6: `python -m deploy.sbom > sbom.json`.

Everything that requirements.lock pins, with the hashes of what may be installed, and Kafka's jars. Licences are those
of what is installed; what this platform does not need has none.
"""

from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version
from typing import Any

import msgspec
import typer

from deploy.kafka_jars import locked_jars
from deploy.licences import licence_of
from deploy.lock import LOCK, Pinned, pinned


def sbom() -> dict[str, Any]:
    """The document, as JSON's types; the same lock gives the same one on the same platform."""
    components = [_package(one) for one in pinned(LOCK.read_text())]
    components += list(_jars())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "freshet",
                "name": "freshet",
                "version": version("freshet"),
                "licenses": [{"expression": "Apache-2.0"}],
            }
        },
        "components": components,
    }


def _package(one: Pinned) -> dict[str, Any]:
    purl = f"pkg:pypi/{one.name}@{one.version}"
    component = {
        "type": "library",
        "bom-ref": purl,
        "name": one.name,
        "version": one.version,
        "purl": purl,
        "hashes": [{"alg": "SHA-256", "content": digest} for digest in one.sha256],
    }
    if one.marker:
        component["properties"] = [{"name": "freshet:needed-where", "value": one.marker}]
    try:
        found = metadata(one.name)
    except PackageNotFoundError:
        return component
    if found["Version"] == one.version:
        component["licenses"] = [{"expression": licence_of(found)}]
    return component


def _jars() -> Iterator[dict[str, Any]]:
    for jar in locked_jars():
        purl = f"pkg:maven/{jar.group}/{jar.name}@{jar.version}"
        yield {
            "type": "library",
            "bom-ref": purl,
            "group": jar.group,
            "name": jar.name,
            "version": jar.version,
            "purl": purl,
            "hashes": [{"alg": "SHA-256", "content": jar.sha256}],
        }


if __name__ == "__main__":
    typer.echo(msgspec.json.format(msgspec.json.encode(sbom())).decode())
