"""People at Visma.net's screen: each function is one click or a few, chosen by the desk's dice.

A screen that refuses raises ValueError, somebody who finds nothing to click at raises LookupError.
"""

from tests.simulation.swarm.desk import ITEMS, LIMIT, ORGANISATION, Desk, Row


def erp_new_customer(desk: Desk) -> None:
    if len(desk.customers()) >= LIMIT:
        erp_edit_customer(desk)
        return
    name = desk.text("Kunde") + " A/S"
    made = desk.bookkeeper("create_customer", fields={"name": name, "mainAddress": {"country": {"id": "DK"}}})
    desk.typed("erp", "organisation", made["internalId"], name=name)


def erp_edit_customer(desk: Desk) -> None:
    row = desk.a_customer()
    field = desk.rng.choice(sorted(ORGANISATION))
    value = desk.text(field.title())
    desk.bookkeeper("edit_customer", number=row["number"], fields={ORGANISATION[field][1]: value})
    desk.typed("erp", "organisation", row["internal_id"], **{field: value})


def erp_renumber_customer(desk: Desk) -> None:
    row, number = desk.a_customer(), f"9{desk.rng.randint(1000, 9999)}"
    desk.bookkeeper("renumber_customer", number=row["number"], to=number)
    desk.note(f"erp: customer {row['number']} is {number} now")


def erp_customer_status(desk: Desk) -> None:
    row = desk.a_customer()
    status = "Active" if row["fields"].get("status") != "Active" else desk.rng.choice(["Inactive", "OnHold"])
    desk.bookkeeper("edit_customer", number=row["number"], fields={"status": status})
    desk.note(f"erp: customer {row['number']} is {status}")


def erp_delete_customer(desk: Desk) -> None:
    number = desk.a_customer()["number"]
    desk.remove(
        f"erp: customer {number} is deleted", lambda: desk.bookkeeper("delete_customer", number=number)
    )


def erp_new_contact(desk: Desk) -> None:
    if len(desk.contacts()) >= LIMIT:
        erp_edit_contact(desk)
        return
    row, token, title = desk.a_customer(), desk.ledger.token(), desk.text("Titel")
    fields = {"lastName": f"Kontakt {token}", "email": f"{token}@kunde.example", "position": title}
    made = desk.bookkeeper("create_contact", businessAccount=row["number"], fields=fields)
    desk.typed("erp", "person", made["contactId"], title=title)


def erp_edit_contact(desk: Desk) -> None:
    row, title = desk.rng.choice(desk.contacts()), desk.text("Titel")
    desk.bookkeeper("edit_contact", contactId=row["contact_id"], fields={"position": title})
    desk.typed("erp", "person", row["contact_id"], title=title)


def erp_move_contact(desk: Desk) -> None:
    row, to = desk.rng.choice(desk.contacts()), desk.a_customer()["number"]
    desk.bookkeeper("edit_contact", contactId=row["contact_id"], businessAccount=to)
    desk.ledger.moved.add(("erp", str(row["contact_id"])))
    desk.note(f"erp: contact {row['contact_id']} moves to customer {to}")


def erp_delete_contact(desk: Desk) -> None:
    key = desk.rng.choice(desk.contacts())["contact_id"]
    desk.remove(f"erp: contact {key} is deleted", lambda: desk.bookkeeper("delete_contact", contactId=key))


def erp_edit_item(desk: Desk) -> None:
    number, text = desk.rng.choice(ITEMS), desk.text("Vare")
    desk.bookkeeper("edit_item", number=number, fields={"description": text})
    desk.typed("erp", "item", number, name=text)


def erp_price_item(desk: Desk) -> None:
    number, price = desk.rng.choice(ITEMS), desk.rng.randint(100, 900)
    desk.bookkeeper("edit_item", number=number, fields={"defaultPrice": price})
    desk.note(f"erp: item {number} costs {price}")


def erp_discontinue_many(desk: Desk) -> None:
    """Half a catalogue goes out at once (only where go-live brought one): more than the brake lets pass."""
    numbers = [row["number"] for row in desk.erp.state()["items"] if row["number"].startswith("MASSE")]
    if not numbers:
        raise LookupError("no such catalogue")
    for number in numbers:
        desk.bookkeeper("edit_item", number=number, fields={"status": "Inactive"})
    desk.note(f"erp: {len(numbers)} items are inactive")


def erp_new_order(desk: Desk) -> None:
    if len(desk.orders()) >= LIMIT:
        erp_edit_order(desk)
        return
    row, text = desk.a_customer(), desk.text("Ordre")
    lines = [_line(desk) for _ in range(desk.rng.randint(1, 3))]
    made = desk.bookkeeper("create_order", customer=row["number"], lines=lines, description=text)
    desk.typed("erp", "delivery", f"{made['type']}/{made['orderId']}", description=text)


def _line(desk: Desk) -> Row:
    return {"inventoryId": desk.rng.choice(ITEMS), "quantity": desk.rng.randint(1, 9)}


def erp_edit_order(desk: Desk) -> None:
    order, text = desk.an_order(), desk.text("Ordre")
    desk.bookkeeper("edit_order", orderId=order["id"], description=text)
    desk.typed("erp", "delivery", f"{order['type']}/{order['id']}", description=text)


def erp_new_line(desk: Desk) -> None:
    order = _open_order(desk)
    desk.bookkeeper("edit_order", orderId=order["id"], add=[_line(desk)])
    desk.note(f"erp: order {order['id']} has a new line")


def erp_edit_line(desk: Desk) -> None:
    order = _open_order(desk)
    line, quantity = desk.rng.choice(order["lines"])["line_id"], desk.rng.randint(10, 99)
    desk.bookkeeper("edit_order", orderId=order["id"], lines=[{"lineId": line, "quantity": quantity}])
    desk.note(f"erp: line {line} of order {order['id']} has quantity {quantity}")


def erp_word_line(desk: Desk) -> None:
    order, text = desk.an_order(), desk.text("Tekst")
    line = desk.rng.choice(order["lines"])["line_id"]
    desk.bookkeeper("edit_order", orderId=order["id"], lines=[{"lineId": line, "description": text}])
    desk.typed("erp", "line", f"{order['type']}/{order['id']}#{line}", text=text)


def erp_delete_line(desk: Desk) -> None:
    order = _open_order(desk)
    line = desk.rng.choice(order["lines"])["line_id"]
    desk.remove(
        f"erp: line {line} of order {order['id']} is deleted",
        lambda: desk.bookkeeper("edit_order", orderId=order["id"], remove=[str(line)]),
    )


def _open_order(desk: Desk) -> Row:
    return desk.rng.choice([one for one in desk.orders() if one["status"] == "Open"])


def erp_ship(desk: Desk) -> None:
    order = desk.an_order()
    desk.bookkeeper("ship", orderId=order["id"])
    desk.bookkeeper("confirm", orderId=order["id"])
    desk.note(f"erp: order {order['id']} is shipped")


def erp_bill(desk: Desk) -> None:
    order = desk.an_order()
    made = desk.bookkeeper("invoice_order", orderId=order["id"])
    desk.note(f"erp: order {order['id']} is billed by {made['referenceNumber']}")


def erp_release_and_pay(desk: Desk) -> None:
    row = desk.rng.choice([one for one in desk.documents() if one["type"] == "Invoice"])
    number = row["number"]
    desk.bookkeeper("release" if row["status"] == "Balanced" else "pay", referenceNumber=number)
    desk.note(f"erp: invoice {number} goes on from {row['status']}")


def erp_new_invoice(desk: Desk) -> None:
    row = desk.a_customer()
    lines = [{"inventoryNumber": "10", "quantity": desk.rng.randint(1, 5)}]
    made = desk.bookkeeper("create_invoice", customer=row["number"], lines=lines)
    desk.bookkeeper("release", referenceNumber=made["referenceNumber"])
    desk.note(f"erp: invoice {made['referenceNumber']} without an order")


def erp_credit(desk: Desk) -> None:
    row = desk.rng.choice(
        [one for one in desk.documents() if one["type"] == "Invoice" and one["status"] == "Open"]
    )
    made = desk.bookkeeper("credit", referenceNumber=row["number"])
    desk.note(f"erp: invoice {row['number']} is credited by {made['referenceNumber']}")


def erp_cancel_order(desk: Desk) -> None:
    order = desk.an_order()
    act = "reopen_order" if order["status"] == "Cancelled" else "cancel_order"
    desk.bookkeeper(act, orderId=order["id"])
    desk.note(f"erp: {act} {order['id']}")


def erp_delete_order(desk: Desk) -> None:
    number = desk.an_order()["id"]
    desk.remove(f"erp: order {number} is deleted", lambda: desk.bookkeeper("delete_order", orderId=number))
