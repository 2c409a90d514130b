from online.owners import Owners, number_of


def test_a_users_number_in_snapshots_is_the_same_in_every_process() -> None:
    assert number_of("ann") == 0x8D3ADF6ABF23F3A5
    assert number_of("ann") != number_of("bob")


def test_an_owners_number_is_no_other_processs() -> None:
    owners = Owners()
    assert owners.of("ann") == owners.of("ann")
    assert len({owners.of("ann"), Owners().of("ann"), number_of("ann")}) == 3
