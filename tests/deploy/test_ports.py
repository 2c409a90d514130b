import socket

from deploy.ports import free_port, is_free


def test_a_preferred_port_is_taken_only_while_it_is_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        taken = int(server.getsockname()[1])
        assert not is_free(taken)
        chosen = free_port(taken)
        assert chosen != taken
        assert 20_000 <= chosen < 32_000
    assert free_port(taken) == taken
