"""The pure domain: rules, mapping, matching, merging, deciding. No I/O, no clock, no await.

`decide.decide(view, rules, look, now_ms)` turns what is stored about a pair into one `Decision`.
"""
