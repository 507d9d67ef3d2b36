"""One plain sentence and one remedy per reason: what `status`, `plan` and the pages say. English; the table
is closed."""

from collections.abc import Mapping
from types import MappingProxyType

SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "direction_off": ("The entity is switched off in this direction.", "Switch it on in the rules."),
        "type": (
            "The organisation does not carry one of the chosen types.",
            "Give it the type, or add the type to the rules.",
        ),
        "no_email": ("The contact has no e-mail address.", "Add one in the ERP."),
        "unticked": ("The person is not marked as relevant for the ERP.", "Tick the field in webCRM."),
        "not_customer": ("The contact does not belong to a customer.", "Nothing needs to be done."),
        "not_sellable": ("The item cannot be sold.", "Make it active in the ERP."),
        "before_start": (
            "The document is older than the start of the sync.",
            "Set it to ready for synchronization if it should go.",
        ),
        "not_triggered": (
            "The delivery has not been released for the ERP.",
            "Set what the rules name as the trigger.",
        ),
        "opportunity": ("It is still an opportunity.", "Convert it to a delivery."),
        "order_type": ("Orders of this type are not synced.", "Add the order type to the rules."),
        "document_type": ("Documents of this type are not synced.", "Switch them on in the rules."),
        "not_a_sale": ("The document is a payment or correction, not a sale.", "Nothing needs to be done."),
        "source_off": (
            "Invoices without a linked order are not brought to webCRM.",
            "Change the source in the rules.",
        ),
        "unreleased": ("The invoice is not released yet.", "Release it in the ERP."),
        "parent_filtered": (
            "Its organisation is outside the sync.",
            "Give the organisation one of the chosen types.",
        ),
        "parent": ("It waits for its organisation.", "Nothing needs to be done."),
        "item": ("It waits for an item.", "Nothing needs to be done."),
        "order": ("It waits for its order.", "Nothing needs to be done."),
        "settling": ("It has just been changed and is given a moment.", "Nothing needs to be done."),
        "no_lines": ("The delivery has no lines that can be sold.", "Add a line."),
        "gate": (
            "Nothing is written before both systems have been read once and the plan is accepted.",
            "Look at `streamsync plan` and accept it.",
        ),
        "lookups": ("The code tables have not been read yet.", "Nothing needs to be done."),
        "required_field": ("A field that the other system demands is empty: {field}.", "Fill it in."),
        "unmapped_value": (
            "The value of {field} has no entry in the value map.",
            "Add the value to the map in the rules.",
        ),
        "rejected": ("The other system refused the change. {problem}", "Correct the record and retry."),
        "unknown_item": (
            "Line {line} names an item that the ERP does not know.",
            "Choose an item from the catalogue.",
        ),
        "stock_item_on_invoice": (
            "Line {line} is a stock item, which an invoice cannot carry.",
            "Send deliveries to sales orders, or use order type IN.",
        ),
        "negative_quantity": ("Line {line} has a quantity below zero.", "Correct the quantity."),
        "negative_total": ("The total is below zero.", "Correct the lines."),
        "currency": ("The currency cannot be used for this customer.", "Choose the customer's currency."),
        "customer_status": (
            "The customer's status in the ERP does not allow documents.",
            "Activate the customer in the ERP.",
        ),
        "period_closed": (
            "The financial period is closed.",
            "Change the date, or open the period in the ERP.",
        ),
        "number_locked": (
            "The delivery number is taken in both forms.",
            "Renumber one of the deliveries in webCRM.",
        ),
        "order_type_unfit": ("The order type cannot be used.", "Choose another order type in the rules."),
        "line_ambiguous": (
            "Two lines cannot be told apart.",
            "Make the lines differ, or correct them in the ERP.",
        ),
        "key_too_long": ("{field} is longer than the ERP allows.", "Shorten it."),
        "gone": ("The record is gone in one system while others still point to it.", "Link it anew."),
        "both_changed": ("Both sides changed {field}.", "Choose a value."),
        "link_differs": ("The two records differ in {field}, and no rule says who wins.", "Choose a value."),
        "locked_edit": (
            "The document can no longer be changed in this way.",
            "Take the ERP's value, or correct it there.",
        ),
        "customer_changed": (
            "The delivery was moved to another organisation.",
            "Move it back, or change the order.",
        ),
        "deleted_vs_edited": (
            "One side deleted the record, the other side changed it.",
            "Decide which holds.",
        ),
        "total_differs": ("The totals of the two documents differ.", "Look at the lines."),
        "moved": ("The contact belongs to another customer now.", "Decide where the person belongs."),
        "many_candidates": ("More than one record could be the counterpart.", "Choose one."),
        "weak_match": ("A record looks alike, but not surely the same.", "Link them, or create a new one."),
        "key_contradiction": ("Two keys name different records.", "Correct one of them."),
        "outside_type": ("The counterpart exists but carries another type.", "Set the type, or exclude it."),
    }
)


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def sentence(reason: str, detail: Mapping[str, str]) -> str:
    """What happened and what to do, for one reason."""
    what, remedy = SENTENCES.get(reason, (reason, ""))
    return f"{what.format_map(_Blank(detail)).strip()} {remedy}".strip()
