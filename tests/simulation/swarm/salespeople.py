"""People at webCRM's screen: each function is one click or a few, chosen by the desk's dice.

A screen that refuses raises ValueError, somebody who finds nothing to click at raises LookupError.
"""

from tests.simulation.swarm.desk import ITEMS, LIMIT, ORGANISATION, Desk


def crm_new_organisation(desk: Desk) -> None:
    if len(desk.organisations()) >= LIMIT:
        crm_edit_organisation(desk)
        return
    name, city = desk.text("Firma") + " ApS", desk.text("By")
    kind = "Kunde" if desk.rng.random() < 0.85 else "Leverandør"
    fields = {"OrganisationName": name, "OrganisationType": kind, "OrganisationCity": city}
    key = desk.user("create", kind="organisation", fields=fields)
    desk.typed("crm", "organisation", key, name=name, city=city)


def crm_edit_organisation(desk: Desk) -> None:
    row = desk.an_organisation()
    field = desk.rng.choice(sorted(ORGANISATION))
    value, key = desk.text(field.title()), row["OrganisationId"]
    desk.user("edit", kind="organisation", id=key, fields={ORGANISATION[field][0]: value})
    desk.typed("crm", "organisation", key, **{field: value})


def crm_type(desk: Desk) -> None:
    row = desk.an_organisation()
    kind = "Kunde" if row["OrganisationType"] != "Kunde" else desk.rng.choice(["Kunde", "Leverandør"])
    desk.user("edit", kind="organisation", id=row["OrganisationId"], fields={"OrganisationType": kind})
    desk.note(f"crm: organisation {row['OrganisationId']} is {kind} now")


def crm_delete_organisation(desk: Desk) -> None:
    """With its persons and deliveries."""
    key = desk.an_organisation()["OrganisationId"]
    desk.remove(
        f"crm: organisation {key} is deleted with all that is under it",
        lambda: desk.user("delete", kind="organisation", id=key),
    )


def crm_merge_organisations(desk: Desk) -> None:
    """What webCRM does when two are one: everything moves to the one that stays, the other is gone."""
    kept, lost = (row["OrganisationId"] for row in desk.rng.sample(desk.organisations(), 2))
    for person in desk.crm.rows("person"):
        if person["PersonOrganisationId"] == lost:
            desk.user("edit", kind="person", id=person["PersonId"], fields={"PersonOrganisationId": kept})
            desk.ledger.moved.add(("crm", str(person["PersonId"])))
    for delivery in desk.crm.rows("delivery"):
        if delivery["DeliveryOrganisationId"] == lost:
            desk.user("move", kind="delivery", id=delivery["DeliveryId"], organisation=kept)
    desk.remove(
        f"crm: organisation {lost} is merged into {kept}",
        lambda: desk.user("delete", kind="organisation", id=lost),
    )


def crm_new_person(desk: Desk) -> None:
    if len(desk.crm.rows("person")) >= LIMIT:
        crm_edit_person(desk)
        return
    row, token, title = desk.an_organisation(), desk.ledger.token(), desk.text("Titel")
    fields = {
        "PersonOrganisationId": row["OrganisationId"],
        "PersonFirstName": "Kim",
        "PersonLastName": f"Person {token}",
        "PersonEmail": f"{token}@kunde.example",
        "PersonTitle": title,
        "PersonCustom1": "Yes",
    }
    key = desk.user("create", kind="person", fields=fields)
    desk.typed("crm", "person", key, title=title)


def crm_edit_person(desk: Desk) -> None:
    row, title = desk.rng.choice(desk.crm.rows("person")), desk.text("Titel")
    desk.user("edit", kind="person", id=row["PersonId"], fields={"PersonTitle": title})
    desk.typed("crm", "person", row["PersonId"], title=title)


def crm_tick_person(desk: Desk) -> None:
    row = desk.rng.choice(desk.crm.rows("person"))
    ticked = "No" if row["PersonCustom1"] == "Yes" else "Yes"
    desk.user("edit", kind="person", id=row["PersonId"], fields={"PersonCustom1": ticked})
    desk.ledger.ticked.add(str(row["PersonId"]))
    desk.note(f"crm: person {row['PersonId']} is ticked {ticked}")


def crm_move_person(desk: Desk) -> None:
    row, to = desk.rng.choice(desk.crm.rows("person")), desk.an_organisation()["OrganisationId"]
    desk.user("edit", kind="person", id=row["PersonId"], fields={"PersonOrganisationId": to})
    desk.ledger.moved.add(("crm", str(row["PersonId"])))
    desk.note(f"crm: person {row['PersonId']} moves to organisation {to}")


def crm_delete_person(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("person"))["PersonId"]
    desk.remove(f"crm: person {key} is deleted", lambda: desk.user("delete", kind="person", id=key))


def crm_new_delivery(desk: Desk) -> None:
    if len(desk.crm.rows("delivery")) >= LIMIT:
        crm_edit_delivery(desk)
        return
    row, text = desk.an_organisation(), desk.text("Handel")
    fields = {
        "DeliveryOrganisationId": row["OrganisationId"],
        "DeliveryDescription": text,
        "DeliveryOrderDate": "2026-03-14T00:00:00",
    }
    key = desk.user("create", kind="delivery", fields=fields)
    for _ in range(desk.rng.randint(1, 3)):
        _add_line(desk, key)
    desk.typed("crm", "delivery", key, description=text)


def crm_edit_delivery(desk: Desk) -> None:
    row, text = desk.rng.choice(desk.crm.rows("delivery")), desk.text("Handel")
    desk.user("edit", kind="delivery", id=row["DeliveryId"], fields={"DeliveryDescription": text})
    desk.typed("crm", "delivery", row["DeliveryId"], description=text)


def crm_move_delivery(desk: Desk) -> None:
    row, to = desk.rng.choice(desk.crm.rows("delivery")), desk.an_organisation()["OrganisationId"]
    desk.user("move", kind="delivery", id=row["DeliveryId"], organisation=to)
    desk.note(f"crm: delivery {row['DeliveryId']} moves to organisation {to}")


def crm_delete_delivery(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("delivery"))["DeliveryId"]
    desk.remove(f"crm: delivery {key} is deleted", lambda: desk.user("delete", kind="delivery", id=key))


def crm_new_line(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("delivery"))["DeliveryId"]
    desk.note(f"crm: delivery {key} has a new line {_add_line(desk, key)}")


def _add_line(desk: Desk, delivery: int) -> int:
    fields = {"QuotationLineQuantity": float(desk.rng.randint(1, 9))}
    return int(desk.user("add_line", deal=delivery, item=desk.rng.choice(ITEMS), fields=fields))


def crm_edit_line(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("line"))["QuotationLineId"]
    quantity = float(desk.rng.randint(10, 99))
    desk.user("edit_line", id=key, fields={"QuotationLineQuantity": quantity})
    desk.note(f"crm: line {key} has quantity {quantity}")


def crm_price_line(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("line"))["QuotationLineId"]
    price = float(desk.rng.randint(100, 999))
    desk.user("edit_line", id=key, fields={"QuotationLinePrice": price})
    desk.note(f"crm: line {key} costs {price}")


def crm_word_line(desk: Desk) -> None:
    key, text = desk.rng.choice(desk.crm.rows("line"))["QuotationLineId"], desk.text("Tekst")
    desk.user("edit_line", id=key, fields={"QuotationLineMemo": text})
    desk.typed("crm", "line", key, text=text)


def crm_delete_line(desk: Desk) -> None:
    key = desk.rng.choice(desk.crm.rows("line"))["QuotationLineId"]
    desk.remove(f"crm: line {key} is deleted", lambda: desk.user("delete_line", id=key))
