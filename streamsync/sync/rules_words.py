"""What stands behind each setting of the rules file: what is allowed, what it means, which ones a tenant
must choose.

Used by `rules_file` (errors, comments) only. Keys are `<table>.<setting>` as in semantics.md.
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
        "organisation.statuses": "optional second gate on OrganisationStatus",
        "organisation.erp_statuses": "which ERP customers may be created in webCRM",
        "organisation.customer_classes": "[] = all",
        "organisation.marker_attribute": 'holds crm:organisation:<id> in the ERP; "none" = no attribute',
        "person.contact_id_field": 'PersonCustom1..15 that shows the contact id; "" = not shown',
        "person.set_relevant_on_create": "two_way only",
        "item.types": "[] = all but ExpenseItem",
        "item.classes": "[] = all",
        "item.stock_interval": "seconds",
        "delivery.to_erp_from": 'date-time; "" = the moment to_erp was switched on',
        "delivery.quiet_seconds": "how long a delivery must rest before it goes out",
        "delivery.status_field": 'webCRM field for awaiting, approved, paid, cancelled; "" = DeliveryStatus',
        "delivery.message_field": 'webCRM field for the last problem in plain words; "" = none',
        "order.type": "order type of new orders",
        "order.types": "order types that come to webCRM",
        "invoice.history_from": 'date; "" = all invoices',
        "line.key_field": 'a spare QuotationLineData1..9 for the ERP\'s line id; "" = none',
        "line.misc_item": 'item for lines with an amount and no item; "" = they stop the delivery',
        "webcrm.language": "language of country names in webCRM",
    }
)
