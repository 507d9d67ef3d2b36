"""What stands behind each setting of the rules file: what is allowed, what it means, which ones a tenant
must choose.

Used by `rules_file` (errors, comments) and `mapping_page`. Keys are `<table>.<setting>` as in semantics.md.
"""

from collections.abc import Mapping
from types import MappingProxyType

DIRECTIONS = ("off", "to_erp", "to_crm", "two_way")
OWNERS = ("crm", "erp", "newest", "ask")

ALLOWED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "organisation.direction": DIRECTIONS,
        "organisation.numbering": ("series", "field"),
        "organisation.on_leave": ("keep", "inactivate", "ask"),
        "organisation.on_outside_type": ("ask", "set_type", "link_only"),
        "organisation.name_to_erp": ("name", "name_division"),
        "person.direction": DIRECTIONS,
        "person.on_untick": ("keep", "inactivate"),
        "person.on_erp_move": ("ask", "recreate", "leave"),
        "person.middle": ("", "join"),
        "item.direction": ("off", "to_crm"),
        "item.cost": ("first_nonzero", "first_nonzero(currentCost, lastCost)", "currentCost", "lastCost"),
        "item.price": ("defaultPrice", "recommendedPrice", "recommendedPrice_else_default"),
        "item.unit": ("sales", "base"),
        "item.on_discontinue": ("mark", "delete", "nothing"),
        "delivery.direction": DIRECTIONS,
        "delivery.target": ("order", "invoice"),
        "delivery.source": ("order", "invoice", "order_and_invoice"),
        "delivery.trigger": ("automatic", "erp_status", "status", "field"),
        "delivery.owner_after": ("erp", "ask"),
        "delivery.on_locked_edit": ("ask", "revert", "keep"),
        "delivery.on_crm_delete": ("ask", "hold", "delete"),
        "delivery.cancelled_value": ("keep", "zero"),
        "delivery.erp_read_only": ("never", "locked", "always"),
        "delivery.write_delivery_status": ("auto", "always", "never"),
        "delivery.on_number_taken": ("prefix", "leave", "park"),
        "delivery.write_value": ("if_different", "never"),
        "delivery.lines_after_invoice": ("order", "invoice"),
        "order.history": ("open_only", "since", "all"),
        "order.create_status": ("type_default", "Open", "Hold"),
        "order.header_discount": ("fold", "park"),
        "invoice.on_create": ("hold", "balanced"),
        "invoice.release": ("never",),
        "invoice.credit_notes": ("own", "attach", "off"),
        "invoice.cash_sales": ("own", "off"),
        "invoice.include_unreleased": ("linked_only", "all"),
        "line.text": ("note", "item", "off"),
        "match.company_number": ("sure", "ask"),
        "match.name": ("ask", "sure", "off"),
        "visma.in_currency": ("document", "base"),
    }
)

CHOOSE: Mapping[str, str] = MappingProxyType(
    {
        "organisation.types": 'exact option texts of the organisation type, e.g. ["Kunde"]; ["*"] = all',
        "organisation.erp_type": "one of types: the type of customers that come from the ERP",
        "organisation.number_field": "the field for the customer number, e.g. OrganisationExtraCustom2",
        "organisation.marker_field": "a free OrganisationExtraCustom1..8, marked Unique",
        "organisation.create.class": "the customer class of new customers",
        "organisation.create.country": "the country of new customers without one, e.g. DK",
        "person.relevant_field": 'the checkbox "relevant for ERP": PersonCustom1..15 or PersonCheckMark1..10',
        "person.marker_field": "a free PersonCustom1..15",
    }
)

COMMENTS: Mapping[str, str] = MappingProxyType(
    {
        "organisation.direction": "which way organisations and customers go",
        "organisation.types": (
            'only organisations of these types take part, with their persons and documents; ["*"] = all'
        ),
        "organisation.erp_type": (
            "the type that an organisation gets when it comes from a customer of the ERP"
        ),
        "organisation.statuses": "optional second gate on OrganisationStatus; [] = none",
        "organisation.erp_statuses": (
            "which ERP customers may be created in webCRM; linked ones sync in every status"
        ),
        "organisation.customer_classes": "which customer classes may be created in webCRM; [] = all",
        "organisation.number_field": "the webCRM field that shows the customer number",
        "organisation.marker_field": (
            "the webCRM field that names the linked customer; do not use it for anything else"
        ),
        "organisation.marker_attribute": (
            'the ERP attribute that holds crm:organisation:<id>; "none" = no attribute'
        ),
        "organisation.numbering": (
            "where a new customer's number comes from: the ERP's series, or number_field"
        ),
        "organisation.owner_user": (
            "the webCRM user who owns organisations that come from the ERP; 0 = nobody"
        ),
        "organisation.on_leave": "what becomes of the customer when its organisation leaves the chosen types",
        "organisation.on_outside_type": "when a customer's organisation exists but has another type",
        "organisation.inactive_type": (
            'the type of an organisation whose customer is inactive, undone later; "" = unchanged'
        ),
        "organisation.name_to_erp": "whether the division's name is added to the customer's name",
        "organisation.attention_from": (
            'the webCRM checkbox that marks the person shown as attention; "" = none'
        ),
        "organisation.create.class": "the customer class of new customers",
        "organisation.create.country": "the country of new customers whose address names none",
        "person.direction": "which way persons and contacts go",
        "person.relevant_field": "the webCRM checkbox that sends a person to the ERP",
        "person.marker_field": (
            "the webCRM field that names the linked contact; do not use it for anything else"
        ),
        "person.contact_id_field": 'PersonCustom1..15 that shows the contact id; "" = not shown',
        "person.on_untick": "what becomes of the contact when the person's checkbox is cleared",
        "person.set_relevant_on_create": (
            "tick relevant_field on persons that come from the ERP; two_way only"
        ),
        "person.email_required_to_erp": "whether a person without e-mail stays in webCRM",
        "person.on_erp_move": "when a contact was moved to another customer: webCRM cannot move the person",
        "person.middle": (
            "whether the middle name is joined to the first name; the names then go to the ERP only"
        ),
        "item.direction": "whether the ERP's items are the product catalogue of webCRM",
        "item.layout.id": "the catalogue field for the item number",
        "item.layout.name": "the catalogue field for the item's name",
        "item.layout.internal": 'the catalogue field for the ERP\'s internal id; "" = none',
        "item.layout.unit": 'the catalogue field for the unit; "" = not written',
        "item.cost": "which cost of the ERP is the cost price",
        "item.price": "which price of the ERP is the list price",
        "item.unit": "whether prices are per sales unit or per base unit",
        "item.statuses": "items of these statuses are sold",
        "item.types": "item types that are sold; [] = all but ExpenseItem",
        "item.classes": "item classes that are sold; [] = all",
        "item.discontinued_group": "the group of items that are no longer sold",
        "item.discontinued_prefix": "what is put before the name of an item that is no longer sold",
        "item.on_discontinue": "what becomes of the catalogue row when an item is no longer sold",
        "item.stock_interval": "how often stock is read at most, in seconds",
        "item.stock_warehouse": "the warehouse whose stock is shown (row I10); empty = the sum of all",
        "delivery.direction": "which way deliveries and orders go",
        "delivery.target": "what a delivery becomes in the ERP",
        "delivery.source": "which ERP documents become deliveries",
        "delivery.trigger": "what sends a delivery: by itself, the ERP status, DeliveryStatus, or a field",
        "delivery.trigger_values": "the texts that send, for trigger status or field",
        "delivery.trigger_field": "the webCRM field that sends, for trigger field",
        "delivery.to_erp_from": (
            'older deliveries are not sent; date-time; "" = the moment to_erp was switched on'
        ),
        "delivery.quiet_seconds": "how long a delivery must rest before it goes out",
        "delivery.owner_after": "who wins after the hand-over when both sides changed",
        "delivery.on_locked_edit": (
            "an edit the ERP no longer takes: ask, put back at once, or leave different"
        ),
        "delivery.locked_edit_days": "days until such an edit is put back when nobody answers",
        "delivery.on_crm_delete": "what becomes of an open document when its delivery is deleted in webCRM",
        "delivery.cancel_field": 'a dropdown of the delivery; cancel_option is one of its texts; "" = none',
        "delivery.cancel_option": "the text that means cancel: as if the delivery were deleted",
        "delivery.cancelled_value": "whether a cancelled order keeps its value in webCRM",
        "delivery.status_field": 'webCRM field for awaiting, approved, paid, cancelled; "" = DeliveryStatus',
        "delivery.status_words": (
            "the option's text for each of the four words; a missing one is the word itself"
        ),
        "delivery.write_delivery_status": (
            "whether DeliveryStatus is written: only without a status_field, always, never"
        ),
        "delivery.message_field": 'webCRM field for the last problem in plain words; "" = none',
        "delivery.number": "how the delivery number is made, from {orderNbr}, {orderType} and {referenceNbr}",
        "delivery.on_number_taken": (
            "when another delivery has the number: prefix it, leave it, or wait for a person"
        ),
        "delivery.erp_read_only": "DeliveryErpReadOnly; locked = while the ERP takes no edits",
        "delivery.write_value": "whether the delivery's value is written where its lines do not add up to it",
        "delivery.lines_after_invoice": "whose lines a delivery shows once it is invoiced",
        "delivery.default_user": "the webCRM user of deliveries that come from the ERP; 0 = nobody",
        "order.type": "order type of new orders",
        "order.types": "order types that come to webCRM",
        "order.history": "which orders of before the sync come to webCRM",
        "order.history_from": "the date, for history since",
        "order.create_status": "the status of new orders; type_default = as the order type has it",
        "order.header_discount": (
            "a discount on the whole delivery: folded into the lines, or waits for a person"
        ),
        "invoice.on_create": "the state of new invoices; they are never released",
        "invoice.release": "release is the bookkeeper's: there is no other value",
        "invoice.history_from": 'invoices from this date on come to webCRM; "" = all',
        "invoice.credit_notes": (
            "credit notes: deliveries of their own, numbers on the original, or not at all"
        ),
        "invoice.cash_sales": "cash sales: deliveries of their own, or not at all",
        "invoice.include_unreleased": "unreleased invoices: only those of linked orders, or all",
        "line.key_field": 'a spare QuotationLineData1..9 for the ERP\'s line id; "" = none',
        "line.misc_item": 'item for lines with an amount and no item; "" = they stop the delivery',
        "line.placeholder": "the catalogue row of ERP lines without an item",
        "line.vat_map": "VAT percentage to the ERP's tax category; {} = the ERP decides",
        "line.text": "lines of text only: into the note of the line above, an item of their own, or not sent",
        "line.text_item": "the item of text lines, for text item",
        "match.company_number": "whether an equal company number links by itself",
        "match.name": "whether an equal name and postal code links by itself, asks, or is not looked at",
        "conflict.tie_seconds": "two edits closer than this are not told apart by their time",
        "marker.accept_bare": "accept a bare webCRM id in the marker attribute",
        "webcrm.language": "language of country names and of messages in webCRM",
        "webcrm.countries": "the tenant's own country names, each with its ISO code",
        "visma.in_currency": "what the ERP's ...InCurrency amounts are in; a probe finds out",
    }
)
"""One sentence per setting: what stands behind it in the file, and in `docs/mapping.md`."""
