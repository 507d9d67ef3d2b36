"""The rules of one connection: settings and rows of every entity, as `semantics.md` §2 names them.

Structures only: `rules_file.py` reads and writes TOML, `defaults.py` holds the ready-made rows. Key
`organisation.erp_type` is attribute `rules.organisation.erp_type`; `organisation.create.class` is
`.create.class_`.
"""

import msgspec

from streamsync.model import Direction, Entity
from streamsync.sync.rows import Row


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the rules file; unknown keys are errors."""


class OrganisationCreate(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    class_: str = msgspec.field(default="", name="class")
    country: str = ""


class OrganisationRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    direction: Direction = Direction.OFF
    types: tuple[str, ...] = ()  # exact option texts; ("*",) = all
    erp_type: str = ""
    statuses: tuple[str, ...] = ()
    erp_statuses: tuple[str, ...] = ("Active", "OnHold", "CreditHold")
    customer_classes: tuple[str, ...] = ()
    number_field: str = ""
    marker_field: str = ""
    marker_attribute: str = "WEBCRMID"
    numbering: str = "series"  # series | field
    owner_user: int = 0
    on_leave: str = "keep"  # keep | inactivate | ask
    on_outside_type: str = "ask"  # ask | set_type | link_only
    inactive_type: str = ""
    name_to_erp: str = "name"  # name | name_division
    attention_from: str = ""
    create: OrganisationCreate = OrganisationCreate()
    map: tuple[Row, ...] = ()


class PersonRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    direction: Direction = Direction.OFF
    relevant_field: str = ""
    marker_field: str = ""
    contact_id_field: str = ""
    on_untick: str = "keep"  # keep | inactivate
    set_relevant_on_create: bool = True
    email_required_to_erp: bool = False
    on_erp_move: str = "ask"  # ask | recreate | leave
    middle: str = ""  # "" | join
    map: tuple[Row, ...] = ()


class ItemLayout(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: str = "QuotationLineLinkedDataItemData1"
    name: str = "QuotationLineLinkedDataItemData2"
    internal: str = "QuotationLineLinkedDataItemData3"
    unit: str = "QuotationLineLinkedDataItemData4"


class ItemRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    direction: Direction = Direction.OFF
    layout: ItemLayout = ItemLayout()
    cost: str = "first_nonzero"  # first_nonzero(currentCost, lastCost)
    price: str = "defaultPrice"  # defaultPrice | recommendedPrice | recommendedPrice_else_default
    unit: str = "sales"  # sales | base
    statuses: tuple[str, ...] = ("Active", "NoPurchases", "NoRequest")
    types: tuple[str, ...] = ()  # () = all but ExpenseItem
    classes: tuple[str, ...] = ()
    discontinued_group: str = "Discontinued"
    discontinued_prefix: str = "(discontinued) "
    on_discontinue: str = "mark"  # mark | delete | nothing
    stock_interval: int = 900
    stock_warehouse: str = ""  # the one whose stock is shown; "" = the sum of all
    map: tuple[Row, ...] = ()


class DeliveryRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    direction: Direction = Direction.OFF
    target: str = "order"  # order | invoice: "webCRM Delivery -> Sales Order | Invoice"
    source: str = "order_and_invoice"  # order | invoice | order_and_invoice
    trigger: str = "automatic"  # automatic | erp_status | status | field
    trigger_values: tuple[str, ...] = ()
    trigger_field: str = ""
    to_erp_from: str = ""  # ISO date-time; "" = the moment to_erp was switched on
    quiet_seconds: float = 120.0
    owner_after: str = "erp"  # erp | ask
    on_locked_edit: str = "ask"  # ask | revert | keep
    locked_edit_days: int = 7
    on_crm_delete: str = "ask"  # ask | hold | delete
    cancel_field: str = ""  # the dropdown that cancel_option belongs to
    cancel_option: str = ""  # the text that means "cancel": treated as deleted
    cancelled_value: str = "keep"  # keep | zero
    status_field: str = ""
    status_words: dict[str, str] = {}  # awaiting approved paid cancelled -> the option's text
    write_delivery_status: str = "auto"  # auto | always | never
    message_field: str = ""
    number: str = "{orderNbr}"
    on_number_taken: str = "prefix"  # prefix | leave | park
    erp_read_only: str = "never"  # never | locked | always: DeliveryErpReadOnly
    write_value: str = "if_different"  # if_different | never
    lines_after_invoice: str = "order"  # order | invoice
    default_user: int = 0
    map: tuple[Row, ...] = ()


class OrderRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    type: str = "SO"
    types: tuple[str, ...] = ("SO", "IN")
    history: str = "open_only"  # open_only | since | all
    history_from: str = ""
    create_status: str = "type_default"  # type_default | Open | Hold
    header_discount: str = "fold"  # fold | park


class InvoiceRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    on_create: str = "hold"  # hold | balanced
    release: str = "never"
    history_from: str = ""  # "" = all
    credit_notes: str = "own"  # own | attach | off
    cash_sales: str = "own"  # own | off
    include_unreleased: str = "linked_only"  # linked_only | all


class LineRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    key_field: str = ""
    misc_item: str = ""
    placeholder: str = "ERP-LINE"
    vat_map: dict[str, str] = {}  # percent -> VAT category
    text: str = "note"  # note | item | off
    text_item: str = ""
    map: tuple[Row, ...] = ()


class MatchRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    company_number: str = "sure"  # sure | ask
    name: str = "ask"  # ask | sure | off


class ConflictRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    tie_seconds: float = 120.0


class MarkerRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    accept_bare: bool = True


class VismaRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    in_currency: str = "document"  # document | base


class WebcrmRules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    language: str = "da"
    countries: dict[str, str] = {}  # the tenant's own country names -> ISO alpha-2


class Rules(Section, frozen=True, kw_only=True, forbid_unknown_fields=True):
    organisation: OrganisationRules = OrganisationRules()
    person: PersonRules = PersonRules()
    item: ItemRules = ItemRules()
    delivery: DeliveryRules = DeliveryRules()
    order: OrderRules = OrderRules()
    invoice: InvoiceRules = InvoiceRules()
    line: LineRules = LineRules()
    match: MatchRules = MatchRules()
    conflict: ConflictRules = ConflictRules()
    marker: MarkerRules = MarkerRules()
    webcrm: WebcrmRules = WebcrmRules()
    visma: VismaRules = VismaRules()

    def rows(self, entity: Entity) -> tuple[Row, ...]:
        """The header rows of an entity. An invoice's own delivery uses the delivery's."""
        match entity:
            case Entity.ORGANISATION:
                return self.organisation.map
            case Entity.PERSON:
                return self.person.map
            case Entity.ITEM:
                return self.item.map
            case _:
                return self.delivery.map

    def direction(self, entity: Entity) -> Direction:
        """`invoice` runs whenever deliveries do: its numbers and status always come back (semantics §2.4)."""
        match entity:
            case Entity.ORGANISATION:
                return self.organisation.direction
            case Entity.PERSON:
                return self.person.direction
            case Entity.ITEM:
                return self.item.direction
            case Entity.DELIVERY:
                return self.delivery.direction
            case Entity.INVOICE:
                return Direction.OFF if self.delivery.direction is Direction.OFF else Direction.TO_CRM
