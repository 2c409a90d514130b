"""Which log a topic's offsets belong to: a re-created or restored topic has another id, and offsets of its own."""

import asyncio

from confluent_kafka.admin import AdminClient

from streams.topics import topic_ids


class TopicRecreatedError(RuntimeError):
    """A topic was deleted and created anew while a worker ran; the worker starts again with the new one."""


class LogIdentity:
    """A topic's id, checked again whenever offsets do not go on from where they were."""

    def __init__(self, admin: AdminClient, topic: str) -> None:
        """Asks the cluster.

        Raises:
            TopicsError: The topic is missing.
        """
        self._admin = admin
        self._topic = topic
        self._next: dict[int, int] = {}
        self.id = topic_ids(admin, [topic])[topic]

    async def confirm(self, partition: int, offset: int) -> None:
        """Notes where reading goes on. A step back may be a redelivery, or another log: then the id is asked for.

        Raises:
            TopicRecreatedError: It is another log.
        """
        if offset < self._next.get(partition, offset + 1):
            found = (await asyncio.to_thread(topic_ids, self._admin, [self._topic]))[self._topic]
            if found != self.id:
                msg = f"{self._topic} was created anew: its id was {self.id}, now it is {found}"
                raise TopicRecreatedError(msg)
        self._next[partition] = offset + 1
