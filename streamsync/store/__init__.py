"""The store: one SQLite file for all connections; nothing but this package knows SQL.

`db.Store` is the only seam: `await store.tx(fn)` and `await store.read(fn)` with a synchronous `fn(conn)`.
Every other module here is a set of such functions, one verb each, all naming the connection (tenant) they
work for. The write protocol is that of reliability §3 to §5; the life of an op:

```
            apply_decision [+ dirty cleared]
               v
   +------> ready --claim--> sent --yes--> ack: done (record, fence, base, pair id, history)
   |          ^                | \\--number only--> hold_handle: unknown, until a poll shows our marker: done
   |          +--back_to_ready-+ \\--rejected--> park: parked --retry--> ready | new decision --> superseded
   |                           | \\--moved--> supersede (+dirty)
   +-- looked up, not there -- unknown <--no answer, restart
                                  \\-- found --> ack | read --> advance_base, supersede (+dirty)
```
"""
