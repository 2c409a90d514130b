from online.evaluation.implicit_als import ImplicitAls
from tests.online.evaluation.events import took, view


def learn_two_kinds(method: ImplicitAls) -> None:
    """User n takes three of the four items 0 to 3, or of 4 to 7: the four but n mod 4. Item 0's side is popular."""
    for user in range(24):
        first = 0 if user < 16 else 4
        items = [first + place for place in range(4) if place != user % 4]
        method.learn(took(view(user, [], 8), items))


def test_the_newest_fit_completes_what_a_users_kind_takes() -> None:
    method = ImplicitAls(8, refit_events=72, factor_count=2)
    learn_two_kinds(method)
    assert method.recommend(view(17, [[4, 6, 7]], 8, hidden=(4, 6, 7)), 1).items.tolist() == [5]
    assert method.recommend(view(2, [[0, 1, 3]], 8, hidden=(0, 1, 3)), 1).items.tolist() == [2]


def test_who_came_after_the_fit_gets_what_is_popular() -> None:
    method = ImplicitAls(8, refit_events=72, factor_count=2)
    learn_two_kinds(method)
    method.learn(took(view(30, [], 8), [4]))
    method.learn(took(view(31, [], 8), [0]))
    assert method.recommend(view(30, [[4]], 8, hidden=(4,)), 1).items.tolist() == [0]


def test_before_the_first_fit_lists_are_popularity() -> None:
    method = ImplicitAls(8, refit_events=73, factor_count=2)
    learn_two_kinds(method)
    assert set(method.recommend(view(17, [[4, 6, 7]], 8), 4).items.tolist()) <= {0, 1, 2, 3}
