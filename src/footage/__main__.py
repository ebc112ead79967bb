"""``python -m footage``: the command line."""

from footage.cli.main import main

main()
