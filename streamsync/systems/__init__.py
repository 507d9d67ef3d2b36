"""The two systems behind one port. `port.py` is the contract, `webcrm/` and `visma/` the adapters."""
