"""``python -m footage``: the command line."""

import gc

# What is imported stays: looking through it again and again takes a third of a start. A command enables it.
gc.disable()

from footage.cli.main import main

if __name__ == "__main__":
    main()
