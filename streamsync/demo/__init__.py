"""The demonstration: both stand-ins and the daemon as real processes, and a day of work played through them.

Only `cli` imports this package. Whether a step happened is read from the stand-ins, never from the daemon.
"""
