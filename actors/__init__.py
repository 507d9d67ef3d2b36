"""The moving parts, one file each. Only `topology.py` imports the others; they meet through mailboxes."""
