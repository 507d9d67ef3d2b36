"""What is said in English of a system whose answers do not fit (`store.doubts`); a variant for each sort of
doubt. Owned by `sync.reasons`."""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.sync.words.form import Words

UNRELIABLE: Mapping[str, Words] = MappingProxyType(
    {
        "unreliable": Words(
            "Answers that do not fit",
            "The answers of [{side}|a system] about this record do not fit together, so nothing is"
            " concluded from them. It is asked again from time to time.",
            "Look at the record in both systems. It goes on by itself once the answers fit; retry to"
            " try at once.",
        ),
        "unreliable/unkept": Words(
            "Said to be changed, and unchanged",
            "The change was made according to [{side}|the other system], and the record still shows"
            " what it showed before. It is tried again from time to time.",
            "Find out what keeps the change from being stored. It goes on by itself once it is"
            " stored; retry to try at once.",
        ),
        "unreliable/absent": Words(
            "Listed, and said not to be there",
            "The record does not exist according to [{side}|a system], although its list had it."
            " Nothing is taken as deleted; it is tried again from time to time.",
            "Look whether the record is there. If it was deleted, that is found out by itself.",
        ),
        "unreliable/other": Words(
            "Another record is shown",
            "Another record than the one asked for was shown by [{side}|a system], so nothing is"
            " written. It is tried again from time to time.",
            "Report it to the system's vendor. It goes on by itself once the right record is shown.",
        ),
        "unreliable/moved": Words(
            "Refused as changed, and unchanged",
            "The change was refused by [{side}|the other system] because the record had been changed"
            " meanwhile, and it shows no change. It is tried again from time to time.",
            "Look at the record. It goes on by itself once the answers fit; retry to try at once.",
        ),
        "unreliable/failing": Words(
            "Fails each time",
            "Each attempt to change this record fails in [{side}|the other system], and changes"
            " nothing. It is tried again from time to time.",
            "Look at the record there. It goes on by itself once the change is taken; retry to try at once.",
        ),
        "unreliable/stale": Words(
            "An older state is shown",
            "An older state of the record than before is shown by [{side}|a system], so the change"
            " cannot be confirmed. It is tried again from time to time.",
            "It goes on by itself once the present state is shown.",
        ),
        "unreliable/unseen": Words(
            "Said to be created, and not to be found",
            "The record was created according to [{side}|the other system], and it cannot be found"
            " there. It is not created a second time by itself.",
            "Look for it there. If it is there, it is linked by itself once it is listed; if not, retry.",
        ),
    }
)
