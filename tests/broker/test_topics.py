"""`freshet topics` as an operator types it: idempotent, and every difference is named."""

import secrets
import time

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    ResourceType,
)
from typer.testing import CliRunner

from streams.cli import app

EVERY = [
    "dead-letters", "embeddings", "erasure-receipts", "erasures", "examples", "interactions", "items",
    "media", "model", "queries", "recommendations", "requests", "responses", "rules", "users",
]  # fmt: skip


def topics(verb: str, kafka: str, prefix: str, **more: str) -> tuple[int, list[str], list[str]]:
    environment = {"FRESHET_KAFKA": kafka, "FRESHET_TOPIC_PREFIX": prefix, "FRESHET_PARTITIONS": "2"} | more
    result = CliRunner().invoke(app, ["topics", verb], env=environment, catch_exceptions=False)
    return result.exit_code, result.stdout.splitlines(), result.stderr.splitlines()


def test_create_is_idempotent_and_check_agrees(kafka: str, topic_prefix: str) -> None:
    every = [topic_prefix + name for name in EVERY]
    code, out, missing = topics("check", kafka, topic_prefix)
    assert (code, out) == (1, [])
    assert sorted(missing) == [f"{name}: missing; try `freshet topics create`" for name in every]
    assert topics("create", kafka, topic_prefix) == (0, every, [])
    assert topics("create", kafka, topic_prefix) == (0, [], [])
    assert topics("check", kafka, topic_prefix) == (0, [], [])


def test_check_names_each_difference_and_create_leaves_what_exists_alone(
    kafka: str, topic_prefix: str
) -> None:
    assert topics("create", kafka, topic_prefix)[0] == 0
    admin = AdminClient({"bootstrap.servers": kafka})
    users, media, model = (topic_prefix + name for name in ("users", "media", "model"))
    alter(admin, users, "cleanup.policy", "delete")
    alter(admin, media, "max.message.bytes", "1000")
    admin.create_partitions([NewPartitions(topic_prefix + "interactions", 3)])[
        topic_prefix + "interactions"
    ].result(30)
    admin.delete_topics([model])[model].result(30)
    expected = [
        f"{topic_prefix}interactions: 3 partitions, expected 2; "
        "set FRESHET_PARTITIONS as when it was created, or it must be created anew",
        f"{media}: max.message.bytes is 1000, expected 16777216; try `freshet topics alter`",
        f"{model}: missing; try `freshet topics create`",
        f"{users}: cleanup.policy is delete, expected compact; try `freshet topics alter`",
    ]
    # What was changed shows on the broker asked a moment later.
    deadline_s = time.monotonic() + 15
    while (found := topics("check", kafka, topic_prefix)) != (1, [], found[2]) or sorted(
        found[2]
    ) != expected:
        assert time.monotonic() < deadline_s, found
    code, out, err = topics("create", kafka, topic_prefix)
    assert (code, out) == (1, [model])
    left = [line for line in expected if "missing" not in line]
    assert sorted(err) == left
    assert topics("alter", kafka, topic_prefix) == (1, [], left[:1])


def alter(admin: AdminClient, topic: str, name: str, value: str) -> None:
    entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
    admin.incremental_alter_configs([resource])[resource].result(30)


def test_tenants_do_not_see_each_other(kafka: str, topic_prefix: str) -> None:
    assert topics("create", kafka, topic_prefix)[0] == 0
    assert topics("check", kafka, f"{topic_prefix}{secrets.token_hex(2)}-")[0] == 1


def test_more_copies_than_brokers_are_refused_in_one_line(kafka: str, topic_prefix: str) -> None:
    code, out, err = topics("create", kafka, topic_prefix, FRESHET_KAFKA_REPLICATION="9")
    assert (code, out, len(err)) == (2, [], 1)
    assert err[0].startswith(f"freshet: cannot create topic {topic_prefix}")
    assert "replication" in err[0].lower()
