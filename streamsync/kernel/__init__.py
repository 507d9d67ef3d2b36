"""The moving parts that know nothing of sync: limiter, mailbox, wake-up, actor, supervisor.

Imports only `model`, `errors` and `clock`. Exposes statistics; publishing them is for others.
"""
