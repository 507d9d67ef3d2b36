"""The Visma.net ERP adapter: finance host v1/v2 and the sales order service v3 behind the one port
(`systems/port.py`).
"""
