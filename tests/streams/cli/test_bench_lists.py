import json
from itertools import product

from typer.testing import CliRunner

from streams.cli import app
from streams.cli.bench_lists import AT_ONCE


def test_each_kind_of_list_and_the_fold_have_a_cost() -> None:
    options = ["--users", "50", "--items", "80", "--events", "600", "--rounds", "2", "--json", "-"]
    done = CliRunner().invoke(app, ["bench", "lists", *options])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    kinds = {(cost["at_once"], cost["content"], cost["hurried"]) for cost in found["lists"]}
    assert kinds == set(product(AT_ONCE, (False, True), (False, True)))
    assert all(cost["us_per_list"] > 0 for cost in found["lists"])
    assert found["us_per_fold"] > 0
