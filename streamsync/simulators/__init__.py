"""Faithful stand-ins of the two systems: pure handlers over a seeded world, with an aiohttp face.

They stand alone: nothing here imports the daemon's clients, rules or store, so a wrong client cannot pass
by sharing a wrong belief. Only the command line and the tests import this package. Time comes in as an
argument or a Clock.
"""
