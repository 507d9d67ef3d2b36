"""streamsync keeps webCRM (a CRM) and Visma.net ERP (the accounts) in two-way sync.

Read `actors/topology.py` first: the tree of actors and the queues between them; then one actor.
"""

__version__ = "0.1.0"
