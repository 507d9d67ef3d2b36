"""`streamsync verify`: the invariants of reliability §2 on a live installation. Reads only, writes nowhere.

`looks` answers two questions about one connection beside its store (the daemon on its admin address,
`at_rest` where none runs); `reread` is what both systems show now; `run` asks, looks again and says what is
an exception; `words` prints the report. No answer and no report holds a value of a record.
"""
