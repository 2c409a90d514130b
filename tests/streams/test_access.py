import pytest

from streams.access import NEEDS, commands, permissions
from streams.lag import READS
from streams.settings import Settings
from streams.topics import table

TENANT = Settings(topic_prefix="shop-")


@pytest.mark.parametrize("role", READS)
def test_a_worker_may_read_what_its_group_commits_and_join_it(role: str) -> None:
    said = {str(permission) for permission in permissions(TENANT, role)}
    assert {f"Read on topic shop-{base}" for base in READS[role]} | {
        f"Read on group shop-freshet-{role}"
    } <= said


@pytest.mark.parametrize("role", NEEDS)
def test_a_role_is_given_topics_of_the_table_and_of_its_tenant_alone(role: str) -> None:
    topics = {f"shop-{base}" for base in table(TENANT)}
    granted = permissions(TENANT, role)
    assert len(set(granted)) == len(granted)
    assert {permission.name for permission in granted if permission.resource == "topic"} <= topics
    assert {permission.resource for permission in granted} <= {"topic", "group"}


def test_only_the_admin_changes_topics_and_only_workers_join_groups() -> None:
    by_operation: dict[str, set[str]] = {}
    for role in NEEDS:
        for permission in permissions(TENANT, role):
            by_operation.setdefault(f"{permission.resource} {permission.operation}", set()).add(role)
    for operation in ("Create", "Alter", "AlterConfigs", "Delete"):
        assert by_operation[f"topic {operation}"] == {"admin"}
    assert by_operation["group Read"] == set(READS)


def test_commands_are_what_kafka_acls_takes() -> None:
    describe, *write = commands(TENANT, "producer", "User:shop")
    assert describe == (
        "--add --allow-principal 'User:shop' --group freshet-follower-without-commits --operation Describe"
    )
    assert write == [
        f"--add --allow-principal 'User:shop' --topic shop-{base} --operation Describe --operation Write"
        for base in ("interactions", "media")
    ]
