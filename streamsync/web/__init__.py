"""What the outside sees: probes and metrics (`ops.py`), webhooks (`hooks.py`), the JSON API (`api.py`).

Reads the store and sends commands; never touches an actor's inside.
"""
