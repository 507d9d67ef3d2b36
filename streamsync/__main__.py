"""`python -m streamsync`."""

from streamsync.cli import main

main()
