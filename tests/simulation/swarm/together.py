"""Two people at two screens in the same second, and one story from quotation to payment.

The same instant is the hardest case: no stamp of either system can say who was first.
"""

from tests.simulation.swarm import bookkeepers, salespeople
from tests.simulation.swarm.desk import ITEMS, ORGANISATION, Desk


def both_edit_organisation(desk: Desk) -> None:
    ours, theirs = desk.rng.choice(desk.twins("organisation"))
    field = desk.rng.choice(sorted(ORGANISATION))
    here, there = desk.text("Vores"), desk.text("Deres")
    key, number = ours["OrganisationId"], theirs["number"]
    desk.user("edit", kind="organisation", id=key, fields={ORGANISATION[field][0]: here})
    desk.typed("crm", "organisation", key, **{field: here})
    desk.bookkeeper("edit_customer", number=number, fields={ORGANISATION[field][1]: there})
    desk.typed("erp", "organisation", theirs["internal_id"], **{field: there})


def both_edit_person(desk: Desk) -> None:
    ours, theirs = desk.rng.choice(desk.twins("person"))
    here, there = desk.text("Vores"), desk.text("Deres")
    desk.bookkeeper("edit_contact", contactId=theirs["contact_id"], fields={"position": there})
    desk.typed("erp", "person", theirs["contact_id"], title=there)
    desk.user("edit", kind="person", id=ours["PersonId"], fields={"PersonTitle": here})
    desk.typed("crm", "person", ours["PersonId"], title=here)


def both_edit_delivery(desk: Desk) -> None:
    ours, theirs = desk.rng.choice(desk.twins("delivery"))
    here, there = desk.text("Vores"), desk.text("Deres")
    desk.user("edit", kind="delivery", id=ours["DeliveryId"], fields={"DeliveryDescription": here})
    desk.typed("crm", "delivery", ours["DeliveryId"], description=here)
    desk.bookkeeper("edit_order", orderId=theirs["id"], description=there)
    desk.typed("erp", "delivery", f"{theirs['type']}/{theirs['id']}", description=there)


def both_edit_lines(desk: Desk) -> None:
    ours, theirs = desk.rng.choice(desk.twins("delivery"))
    lines = [one for one in desk.crm.rows("line") if one["QuotationLineOpportunityId"] == ours["DeliveryId"]]
    key, line = desk.rng.choice(lines)["QuotationLineId"], desk.rng.choice(theirs["lines"])["line_id"]
    here, there = float(desk.rng.randint(10, 99)), desk.rng.randint(100, 199)
    desk.user("edit_line", id=key, fields={"QuotationLineQuantity": here})
    desk.bookkeeper("edit_order", orderId=theirs["id"], lines=[{"lineId": line, "quantity": there}])
    desk.note(f"both: line {key} has quantity {here}, line {line} of order {theirs['id']} has {there}")


def both_edit_and_delete(desk: Desk) -> None:
    """One side deletes what the other is just editing."""
    ours, theirs = desk.rng.choice(desk.twins("person"))
    here, there = ours["PersonId"], theirs["contact_id"]
    title = desk.text("Titel")
    if desk.rng.random() < 0.5:
        desk.bookkeeper("edit_contact", contactId=there, fields={"position": title})
        desk.typed("erp", "person", there, title=title)
        desk.remove(f"crm: person {here} is deleted", lambda: desk.user("delete", kind="person", id=here))
        return
    desk.user("edit", kind="person", id=here, fields={"PersonTitle": title})
    desk.typed("crm", "person", here, title=title)
    desk.remove(
        f"erp: contact {there} is deleted", lambda: desk.bookkeeper("delete_contact", contactId=there)
    )


def both_delete_person(desk: Desk) -> None:
    ours, theirs = desk.rng.choice(desk.twins("person"))
    here, there = ours["PersonId"], theirs["contact_id"]
    desk.remove(f"crm: person {here} is deleted", lambda: desk.user("delete", kind="person", id=here))
    desk.remove(
        f"erp: contact {there} is deleted", lambda: desk.bookkeeper("delete_contact", contactId=there)
    )


def both_quotation_to_payment(desk: Desk) -> None:
    """The next step of a sale: a quotation, won, shipped, billed, released, paid."""
    steps = (
        _quote,
        _win,
        bookkeepers.erp_ship,
        bookkeepers.erp_bill,
        bookkeepers.erp_release_and_pay,
        bookkeepers.erp_release_and_pay,
    )
    at = desk.ledger.sale
    desk.ledger.sale = (at + 1) % len(steps)
    steps[at](desk)


def _quote(desk: Desk) -> None:
    row, text = desk.an_organisation(), desk.text("Tilbud")
    fields = {"OpportunityOrganisationId": row["OrganisationId"], "OpportunityDescription": text}
    key = desk.user("create", kind="opportunity", fields=fields)
    desk.user("add_line", deal=key, item=desk.rng.choice(ITEMS), fields={"QuotationLineQuantity": 2.0})
    desk.note(f"crm: quotation {key} {text}")


def _win(desk: Desk) -> None:
    quotes = desk.crm.rows("opportunity")
    if not quotes:
        salespeople.crm_new_delivery(desk)
        return
    won = desk.user("convert_opportunity", id=desk.rng.choice(quotes)["OpportunityId"])
    desk.note(f"crm: a quotation is delivery {won} now")
