"""`python -m streams.cli`: the same as `freshet`."""

from streams.cli import main

main()
