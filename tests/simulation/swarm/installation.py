"""How the installation of one seed is set up: rules with a policy per field, what a deletion means, whether a
person must accept the first sync, and what both systems held before the day of going live.

`drawn(rng)` decides; `fill` types the old records. Half of the seeds begin empty and with the usual rules, so
that the rest of the swarm has its turn.
"""

import random
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from tests.simulation.scene import RULES
from tests.simulation.swarm.desk import Desk

FIELDS: Mapping[tuple[str, str], str] = {
    # the ledger's kind and field: the row of the rules
    ("organisation", "name"): "O2",
    ("organisation", "address"): "O3",
    ("organisation", "city"): "O5",
    ("person", "title"): "P4",
}
OWNERS = ("erp", "crm", "newest", "ask")
USUAL = {"O2": "erp", "O3": "erp", "O5": "erp", "P4": "crm"}
SETTINGS: Mapping[str, tuple[str, ...]] = {
    # the usual first
    "organisation.on_leave": ("keep", "inactivate", "ask"),
    "organisation.on_outside_type": ("ask", "set_type", "link_only"),
    "person.on_untick": ("keep", "inactivate"),
    "person.on_erp_move": ("ask", "recreate", "leave"),
    "item.on_discontinue": ("mark", "nothing"),
    "delivery.owner_after": ("erp", "ask"),
    "delivery.on_crm_delete": ("ask", "hold", "delete"),
    "delivery.on_locked_edit": ("ask", "revert", "keep"),
}
TIE_SECONDS = 5
MANY = 56  # more than the brake lets pass without a person
NONE: Mapping[str, str] = MappingProxyType({})
COMPANY = "OrganisationExtraCustom1"  # webCRM's field of row O10
NUMBERS = ("10150817", "25313763", "35657339", "61126228", "53371914")  # valid company numbers


class Installation(msgspec.Struct, frozen=True):
    owners: Mapping[str, str]
    settings: Mapping[str, str]
    first_sync: str
    filled: bool
    many: bool

    def rules(self, owners: Mapping[str, str] | None = None, directions: Mapping[str, str] = NONE) -> str:
        """The text of the rules file. `owners`: instead of this seed's own; `directions`: by entity."""
        text = RULES
        chosen = {**self.owners, **(owners or {})}
        for entity in ("organisation", "person", "item", "delivery"):
            head = f"[{entity}]\n"
            more = "".join(
                f'{key.partition(".")[2]} = "{value}"\n'
                for key, value in sorted(self.settings.items())
                if key.startswith(entity + ".")
            )
            text = text.replace(head, head + more)
            if entity in directions:
                before, after = text.split(head, 1)
                after = after.replace('direction = "two_way"', f'direction = "{directions[entity]}"', 1)
                text = before + head + after
        text = text.replace('crm = "PersonTitle"', f'crm = "PersonTitle"\nowner = "{chosen["P4"]}"')
        rows = "".join(
            f'\n[[organisation.map]]\nid = "{row}"\nowner = "{chosen[row]}"\n' for row in ("O2", "O3", "O5")
        )
        return f"{text}\n{rows}\n[conflict]\ntie_seconds = {TIE_SECONDS}\n"

    def words(self) -> str:
        unusual = [f"{row} {owner}" for row, owner in sorted(self.owners.items()) if owner != USUAL[row]]
        unusual += [
            f"{key} {value}" for key, value in sorted(self.settings.items()) if value != SETTINGS[key][0]
        ]
        filled = ["both sides filled"] * self.filled + [f"{MANY} items"] * self.many
        return ", ".join([*unusual, f"first sync {self.first_sync}", *filled])


def drawn(rng: random.Random) -> Installation:
    varied = rng.random() < 0.6
    return Installation(
        owners={row: rng.choice(OWNERS) if varied and rng.random() < 0.6 else USUAL[row] for row in USUAL},
        settings={
            key: rng.choice(values) if varied and rng.random() < 0.5 else values[0]
            for key, values in SETTINGS.items()
        },
        first_sync="ask" if rng.random() < 0.25 else "accept",
        filled=rng.random() < 0.3,
        many=rng.random() < 0.03,
    )


USUALLY = Installation(
    owners=USUAL,
    settings={key: values[0] for key, values in SETTINGS.items()},
    first_sync="accept",
    filled=False,
    many=False,
)


def fill(installation: Installation, desk: Desk) -> None:
    """What both systems held before anybody thought of joining them."""
    if installation.filled:
        _old_records(desk)
    if installation.many:
        rows = [
            {"inventoryNumber": f"MASSE-{at:02}", "description": f"Massevare {at}", "defaultPrice": 10}
            for at in range(MANY)
        ]
        desk.erp.load("items", rows)


def _old_records(desk: Desk) -> None:
    rng = desk.rng
    numbers = list(NUMBERS)
    rng.shuffle(numbers)
    for _ in range(rng.randint(1, 2)):  # the same company on both sides, some with the same name
        company, same = numbers.pop(), desk.text("Gammel")
        here = same if rng.random() < 0.5 else desk.text("Vores")
        _organisation(desk, here, {COMPANY: company})
        _customer(desk, same, {"corporateId": company})
        if rng.random() < 0.5:
            _the_same_person(desk)
    if rng.random() < 0.6:  # two of ours, one of theirs: nobody knows which
        company = numbers.pop()
        _organisation(desk, desk.text("Tvilling"), {COMPANY: company})
        _organisation(desk, desk.text("Tvilling"), {COMPANY: company})
        _customer(desk, desk.text("Tvilling"), {"corporateId": company})
    if rng.random() < 0.5:  # nothing but the name
        name = desk.text("Navnebror")
        _organisation(desk, name, {"OrganisationPostCode": "8000"})
        _customer(desk, name, {"mainAddress.postalCode": "8000"})
    _organisation(desk, desk.text("Alene"), {})
    _customer(desk, desk.text("Alene"), {})


def _organisation(desk: Desk, name: str, fields: dict[str, Any]) -> None:
    values = {"OrganisationName": name, "OrganisationType": "Kunde", **fields}
    key = desk.user("create", kind="organisation", fields=values)
    desk.typed("crm", "organisation", key, name=name)


def _customer(desk: Desk, name: str, fields: dict[str, Any]) -> None:
    made = desk.bookkeeper("create_customer", fields={"name": name, "mainAddress.country.id": "DK", **fields})
    desk.typed("erp", "organisation", made["internalId"], name=name)


def _the_same_person(desk: Desk) -> None:
    """Below the company that was typed last, with one e-mail address on both sides."""
    organisation, customer = desk.organisations()[-1], desk.customers()[-1]
    token = desk.ledger.token()
    ours, theirs = desk.text("Titel"), desk.text("Titel")
    fields = {
        "PersonOrganisationId": organisation["OrganisationId"],
        "PersonLastName": f"Gammel {token}",
        "PersonEmail": f"{token}@kunde.example",
        "PersonTitle": ours,
        "PersonCustom1": "Yes",
    }
    desk.typed("crm", "person", desk.user("create", kind="person", fields=fields), title=ours)
    values = {"lastName": f"Gammel {token}", "email": f"{token}@kunde.example", "position": theirs}
    made = desk.bookkeeper("create_contact", businessAccount=customer["number"], fields=values)
    desk.typed("erp", "person", made["contactId"], title=theirs)
