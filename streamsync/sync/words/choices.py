"""What a person can choose for each reason, and how each choice is called, in English and Danish.

Owned by `sync.reasons`. A choice is a word of `streamsync resolve`, or the name of another command where that
is what answers: link, unlink, retry, approve. Sources: semantics §1, §2.5, §3.3, §3.4, §6, §9, §10.
"""

from collections.abc import Mapping
from types import MappingProxyType

from streamsync.model import Entity
from streamsync.sync.words.fields import Both

LABELS: Mapping[str, Both] = MappingProxyType(
    {
        "webcrm": ("take webCRM's value", "brug værdien fra webCRM"),
        "visma": ("take Visma.net's value", "brug værdien fra Visma.net"),
        "value": ("type another value", "skriv en anden værdi"),
        "link": ("link it with the record you name", "tilknyt den post, du nævner"),
        "create_new": ("it is new: create it", "den er ny: opret den"),
        "exclude": ("leave it out of the sync", "hold den ude af synkroniseringen"),
        "set_type": ("set the organisation's type", "sæt organisationens type"),
        "link_only": (
            "link them, and leave them out by their type",
            "tilknyt dem, og udelad dem på grund af typen",
        ),
        "keep": ("keep the other record as it is", "behold den anden post, som den er"),
        "inactivate": (
            "make the other record inactive in Visma.net",
            "gør den anden post inaktiv i Visma.net",
        ),
        "resign": ("set the person to resigned in webCRM", "sæt personen til fratrådt i webCRM"),
        "bring_back": ("make the delivery again in webCRM", "opret leverancen igen i webCRM"),
        "hold": ("put the order on hold in Visma.net", "sæt ordren på hold i Visma.net"),
        "delete": ("delete the document in Visma.net", "slet dokumentet i Visma.net"),
        "recreate": ("make it again as a new record", "opret den igen som en ny post"),
        "leave": ("leave it as it is", "lad den være, som den er"),
        "move_back": ("move the delivery back", "flyt leverancen tilbage"),
        "change_order": ("change the order's customer", "skift ordrens kunde"),
        "seen": ("I have seen it", "jeg har set det"),
        "unlink": (
            "unlink it, to link it with another record",
            "fjern tilknytningen, så den kan få en anden",
        ),
        "retry": ("try again", "prøv igen"),
        "approve": ("let them go", "slip dem løs"),
    }
)

VALUES = ("visma", "webcrm", "value")
AMBIGUOUS = ("link", "create_new", "exclude")
MENDED = ("retry", "exclude")
GONE: Mapping[Entity, tuple[str, ...]] = MappingProxyType(
    {
        Entity.ORGANISATION: ("keep", "inactivate", "set_type"),
        Entity.PERSON: ("keep", "inactivate", "resign"),
        Entity.ITEM: ("recreate", "keep"),
        Entity.DELIVERY: ("keep", "bring_back", "hold", "delete"),
        Entity.INVOICE: ("keep", "recreate"),
    }
)
CHOICES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "gate": ("approve",),
        "both_changed": VALUES,
        "link_differs": VALUES,
        "locked_edit": ("visma",),
        "customer_changed": ("move_back", "change_order"),
        "total_differs": ("seen",),
        "moved": ("recreate", "leave"),
        "many_candidates": AMBIGUOUS,
        "weak_match": AMBIGUOUS,
        "key_contradiction": AMBIGUOUS,
        "outside_type": ("set_type", "link_only", "exclude"),
        "line_ambiguous": ("visma", "retry", "exclude"),
    }
)
"""Reasons whose choices do not depend on the entity. What is parked and not named here is mended, then
tried again; `gone` and `deleted_vs_edited` depend on the entity."""
