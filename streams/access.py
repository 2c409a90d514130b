"""Who may do what on the cluster: one table, from which ACLs are written, granted and checked.

A role is a kind of client with a principal of its own. What it needs on the cluster is here and nowhere else; that it
needs no more, and no less, tests/broker/test_security.py finds out against a broker that grants exactly this.
"""

from collections.abc import Iterable, Mapping

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not all are in its __all__
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from msgspec import Struct

from streams.kafka import FOLLOWERS, AccessDeniedError, principal
from streams.settings import Settings
from streams.topics import full_name, group_name, table


class Permission(Struct, frozen=True, order=True):
    """One operation on one resource, by Kafka's names."""

    resource: str
    """topic, group or cluster."""
    name: str
    operation: str

    def __str__(self) -> str:
        return f"{self.operation} on {self.resource} {self.name}"


class Needs(Struct, frozen=True):
    """What a role does, by base names of topics."""

    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    commits: str = ""
    """The role whose group it joins, if any."""
    sees: tuple[str, ...] = ()
    """Roles whose progress it reads."""
    checks: bool = False
    """Whether it compares every topic with the table, which says nothing of what is in them."""
    administers: bool = False


NEEDS: Mapping[str, Needs] = {
    "encode": Needs(
        reads=("media", "queries", "items", "embeddings"),
        writes=("media", "queries", "items", "embeddings", "examples", "dead-letters"),
        commits="encode",
        checks=True,
    ),
    "learn": Needs(
        reads=("examples", "embeddings", "model"),
        writes=("model", "erasure-receipts"),
        commits="learn",
        checks=True,
    ),
    "recommend": Needs(
        reads=(
            "interactions", "requests", "queries", "erasures", "examples", "items", "embeddings", "model", "rules",
            "users", "recommendations",
        ),
        writes=(
            "interactions", "requests", "queries", "erasures", "examples", "users", "recommendations", "responses",
            "dead-letters",
        ),
        commits="recommend",
        checks=True,
    ),
    "producer": Needs(writes=("interactions", "media")),
    "subscriber": Needs(reads=("recommendations", "items")),
    "asker": Needs(reads=("responses", "items", "recommendations"), writes=("requests",)),
    "eraser": Needs(reads=("erasure-receipts",), writes=("erasures",)),
    "console": Needs(
        reads=("items", "users", "recommendations", "model", "interactions", "dead-letters", "responses"),
        writes=("interactions", "requests"),
        sees=("encode", "learn", "recommend"),
        checks=True,
    ),
    "reader": Needs(
        reads=(
            "interactions", "media", "requests", "responses", "queries", "erasures", "erasure-receipts",
            "recommendations", "dead-letters", "items", "embeddings", "users", "examples", "model", "rules",
        ),
        sees=("encode", "learn", "recommend"),
        checks=True,
    ),
    "admin": Needs(
        reads=("rules", "users", "examples", "model", "items", "embeddings"),
        writes=("rules", "users", "model"),
        sees=("encode", "learn", "recommend"),
        checks=True,
        administers=True,
    ),
}  # fmt: skip
"""By role: the workers'; `producer` brings events, `subscriber` reads lists, `asker` sends requests, `eraser` has users
forgotten, `console` shows what happens and has it tried, `reader` sees everything and changes nothing (`freshet
status`, `trace`, `audit`), `admin` makes topics and rules and trains."""


def permissions(settings: Settings, role: str) -> list[Permission]:
    """Everything that a role needs, under the tenant's names, in order."""
    needs = NEEDS[role]
    found = {_group(FOLLOWERS, "Describe")}
    for operation, bases in (("Read", needs.reads), ("Write", needs.writes)):
        for base in bases:
            found |= {_topic(settings, base, operation), _topic(settings, base, "Describe")}
    for base in table(settings) if needs.checks else ():
        found |= {_topic(settings, base, "Describe"), _topic(settings, base, "DescribeConfigs")}
    for base in table(settings) if needs.administers else ():
        found |= {
            _topic(settings, base, operation) for operation in ("Create", "Alter", "AlterConfigs", "Delete")
        }
    if needs.commits:
        found |= {
            _group(group_name(settings, needs.commits), operation) for operation in ("Read", "Describe")
        }
    found |= {_group(group_name(settings, seen), "Describe") for seen in needs.sees}
    return sorted(found)


def _topic(settings: Settings, base: str, operation: str) -> Permission:
    return Permission("topic", full_name(settings, base), operation)


def _group(name: str, operation: str) -> Permission:
    return Permission("group", name, operation)


def usual_principal(role: str) -> str:
    """Who has a role unless somebody else is named."""
    return f"User:freshet-{role}"


def commands(settings: Settings, role: str, whose: str) -> list[str]:
    """The arguments of `kafka-acls.sh` that grant a role what it needs: one command a resource.

    Args:
        settings: The tenant.
        role: Of NEEDS.
        whose: The principal as Kafka writes it, such as `User:learn`.
    """
    by_resource: dict[tuple[str, str], list[str]] = {}
    for permission in permissions(settings, role):
        by_resource.setdefault((permission.resource, permission.name), []).append(permission.operation)
    return [
        f"--add --allow-principal '{whose}' --{resource} {name} "
        + " ".join(f"--operation {operation}" for operation in operations)
        for (resource, name), operations in by_resource.items()
    ]


def bindings(granted: Iterable[Permission], whose: str) -> list[AclBinding]:
    """Permissions as the admin client takes them."""
    return [
        AclBinding(
            ResourceType[permission.resource.upper()],
            permission.name,
            ResourcePatternType.LITERAL,
            whose,
            "*",
            _OPERATIONS[permission.operation],
            AclPermissionType.ALLOW,
        )
        for permission in granted
    ]


_OPERATIONS = {
    "Read": AclOperation.READ,
    "Write": AclOperation.WRITE,
    "Describe": AclOperation.DESCRIBE,
    "DescribeConfigs": AclOperation.DESCRIBE_CONFIGS,
    "Create": AclOperation.CREATE,
    "Alter": AclOperation.ALTER,
    "AlterConfigs": AclOperation.ALTER_CONFIGS,
    "Delete": AclOperation.DELETE,
}


def grant(admin: AdminClient, settings: Settings, role: str, whose: str) -> None:
    """Grants a role what it needs; what was granted before stays.

    Raises:
        KafkaException: The cluster refused.
    """
    for future in admin.create_acls(bindings(permissions(settings, role), whose)).values():
        future.result(timeout=30)


def lacking(admin: AdminClient, settings: Settings, role: str) -> list[Permission]:
    """What a role needs and this client may not, as far as the cluster says: one without ACLs grants everything.

    Raises:
        KafkaException: The cluster does not answer.
    """
    needed = permissions(settings, role)
    allowed = _allowed_on(admin, "topic", [p.name for p in needed if p.resource == "topic"])
    allowed |= _allowed_on(admin, "group", [p.name for p in needed if p.resource == "group"])
    return [
        p
        for p in needed
        if (granted := allowed[p.resource, p.name]) is not None and _OPERATIONS[p.operation] not in granted
    ]


def _allowed_on(
    admin: AdminClient, resource: str, names: Iterable[str]
) -> dict[tuple[str, str], set[AclOperation] | None]:
    """By resource and name, what this client may do; None where the cluster does not say."""
    chosen = sorted(set(names))
    if resource == "topic":
        futures = admin.describe_topics(TopicCollection(chosen), include_authorized_operations=True)
    else:
        futures = admin.describe_consumer_groups(chosen, include_authorized_operations=True)
    found: dict[tuple[str, str], set[AclOperation] | None] = {}
    for name, future in futures.items():
        try:
            operations = future.result(timeout=30).authorized_operations
            found[resource, name] = None if operations is None else set(operations)
        except KafkaException as exc:
            # A topic that is not there, or a group without a coordinator yet: nobody is denied anything.
            denied = exc.args[0].code() in (
                KafkaError.TOPIC_AUTHORIZATION_FAILED,
                KafkaError.GROUP_AUTHORIZATION_FAILED,
            )
            found[resource, name] = set() if denied else None
    return found


def ensure_access(admin: AdminClient, settings: Settings, role: str) -> None:
    """Checks that this client may do what its role needs.

    Raises:
        AccessDeniedError: It may not; with every permission that it lacks, and the command that grants them.
        KafkaException: The cluster does not answer.
    """
    missing = lacking(admin, settings, role)
    if missing:
        msg = (
            f"{principal(settings)} lacks {', '.join(map(str, missing))}; "
            f"as the admin, grant {role} what it needs: freshet topics acls --grant {role}=PRINCIPAL"
        )
        raise AccessDeniedError(msg)
