import socket
import threading
import time
from collections.abc import Iterator

import pytest

from streams.soak.network import Network


@pytest.fixture
def echoing() -> Iterator[int]:
    """The port of a server that sends back what it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    one, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=echo, args=(one,), daemon=True).start()

        def echo(one: socket.socket) -> None:
            with one:
                try:
                    while data := one.recv(1024):
                        one.sendall(data)
                except OSError:
                    return

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def connected(network: Network) -> socket.socket:
    host, port = network.address.split(":")
    return socket.create_connection((host, int(port)), 10)


def test_what_is_sent_arrives(echoing: int) -> None:
    with Network(echoing) as network, connected(network) as one, connected(network) as two:
        one.sendall(b"one")
        two.sendall(b"two")
        assert (one.recv(10), two.recv(10)) == (b"one", b"two")


def test_while_it_is_cut_nothing_arrives_and_then_all_of_it(echoing: int) -> None:
    with Network(echoing) as network, connected(network) as one:
        with network.cut():
            one.sendall(b"held")
            one.settimeout(0.3)
            with pytest.raises(TimeoutError):
                one.recv(10)
        one.settimeout(10)
        assert one.recv(10) == b"held"


def test_a_slow_one_takes_its_time_both_ways(echoing: int) -> None:
    with Network(echoing) as network, connected(network) as one:
        with network.slow(0.1):
            started_s = time.monotonic()
            one.sendall(b"late")
            assert one.recv(10) == b"late"
        assert time.monotonic() - started_s >= 0.2


def test_a_reset_ends_every_connection_and_new_ones_are_let_in(echoing: int) -> None:
    with Network(echoing) as network:
        with connected(network) as one, connected(network) as two:
            for each in (one, two):
                each.sendall(b"there")
                assert each.recv(10) == b"there"
            assert network.reset() == 2
            for each in (one, two):
                with pytest.raises(ConnectionResetError):
                    each.recv(10)
        with connected(network) as three:
            three.sendall(b"again")
            assert three.recv(10) == b"again"


def test_a_broker_that_is_not_there_refuses(echoing: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    with Network(port) as network, pytest.raises(ConnectionResetError), connected(network) as one:
        one.recv(10)
