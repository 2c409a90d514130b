"""How many partitions a topic has on the cluster: what an id's home depends on."""

from confluent_kafka.admin import AdminClient

from streams.settings import Settings
from streams.topics import TopicsError, full_name


def partition_count(admin: AdminClient, settings: Settings, base: str) -> int:
    """The number of partitions of a topic.

    Raises:
        TopicsError: There is no such topic.
    """
    name = full_name(settings, base)
    # All topics are asked for: asking for one by name may create it.
    topic = admin.list_topics(timeout=10).topics.get(name)
    if topic is None:
        msg = f"{name}: missing; try `freshet topics create`"
        raise TopicsError(msg)
    return len(topic.partitions)
