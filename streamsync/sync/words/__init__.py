"""The one catalogue of texts for people: reasons, choices, findings, the names of rows and fields, in English
and Danish.

`streamsync.sync.reasons` is its only reader. Whoever adds a word adds it in every language of
`form.LANGUAGES`: `tests/unit/sync/test_reasons.py` fails otherwise.
"""
