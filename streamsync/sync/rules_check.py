"""Do the rules fit the two systems? Asked when rules are saved and by `streamsync check` (design §5,
semantics §2).

Pure. Needs both field catalogues (`kind -> field -> entry`) and the code tables; what was not read is
not judged. Each problem is a ConfigError that names the key and what is allowed. A two-way row that does
not come back is shown with the value.
"""

import difflib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from streamsync.errors import ConfigError
from streamsync.model import Direction, Entity, Kind, Side
from streamsync.sync import countries, identity, scope
from streamsync.sync.codecs import compile_rows
from streamsync.sync.round_trip import counter_example
from streamsync.sync.rows import Row
from streamsync.sync.rules import Rules
from streamsync.sync.values import FieldLike, Tables, options

Catalogue = Mapping[Kind, Mapping[str, FieldLike]]
KINDS: Mapping[str, tuple[Kind, Kind]] = {
    "organisation": (Kind.ORGANISATION, Kind.ORGANISATION),
    "person": (Kind.PERSON, Kind.PERSON),
    "item": (Kind.ITEM, Kind.ITEM),
    "delivery": (Kind.DELIVERY, Kind.ORDER),
    "line": (Kind.LINE, Kind.LINE),
}
_MARKER = re.compile(r"^OrganisationExtraCustom[1-8]$")
_PERSON_MARKER = re.compile(r"^PersonCustom([1-9]|1[0-5])$")
_RELEVANT = re.compile(r"^PersonCustom([1-9]|1[0-5])$|^PersonCheckMark([1-9]|10)$")
WORDS = ("awaiting", "approved", "paid", "cancelled")
SHOWN = 20


def check(
    rules: Rules, crm_catalogue: Catalogue, erp_catalogue: Catalogue, tables: Tables
) -> list[ConfigError]:
    """All problems; [] = the rules fit."""
    work = _Check(rules, crm_catalogue, erp_catalogue, tables)
    work.choices()
    work.texts()
    work.fields()
    work.rows()
    work.orders()
    return work.problems


class _Check:
    def __init__(self, rules: Rules, crm: Catalogue, erp: Catalogue, tables: Tables) -> None:
        self.rules, self.crm, self.erp, self.tables = rules, crm, erp, tables
        self.problems: list[ConfigError] = []

    def problem(self, key: str, what: str, allowed: Iterable[str] | str = "") -> None:
        shown = allowed if isinstance(allowed, str) else ", ".join(list(allowed)[:SHOWN])
        self.problems.append(ConfigError(key, what, shown))

    def on(self, entity: Entity, side: Side | None = None) -> bool:
        direction = self.rules.direction(entity)
        return direction is not Direction.OFF if side is None else direction.reaches(side)

    # ---- what only the tenant can choose --------------------------------------------------------------

    def choices(self) -> None:
        org, person = self.rules.organisation, self.rules.person
        if self.on(Entity.ORGANISATION):
            if not org.types:
                self.problem(
                    "organisation.types",
                    "must be chosen.",
                    self.options("OrganisationType") or '["*"] for all',
                )
            if not org.number_field:
                self.problem("organisation.number_field", "must be chosen.", "an OrganisationExtraCustom1..8")
            self.marker("organisation.marker_field", org.marker_field, _MARKER, "OrganisationExtraCustom1..8")
            if org.number_field and org.number_field == org.marker_field:
                self.problem("organisation.marker_field", "must differ from number_field.", "a free field")
        if self.on(Entity.ORGANISATION, Side.ERP):
            if not org.create.class_:
                self.problem("organisation.create.class", "must be chosen.", self.codes("customer_class"))
            if not countries.known(org.create.country):
                self.problem("organisation.create.country", "must be chosen.", "an ISO code, e.g. DK")
        if self.on(Entity.PERSON, Side.ERP) and not _RELEVANT.match(person.relevant_field):
            self.problem(
                "person.relevant_field", "must be chosen.", "PersonCustom1..15 or PersonCheckMark1..10"
            )
        if self.on(Entity.PERSON, Side.CRM):
            self.marker("person.marker_field", person.marker_field, _PERSON_MARKER, "PersonCustom1..15")

    def marker(self, key: str, field: str, form: re.Pattern[str], allowed: str) -> None:
        if not form.match(field):
            self.problem(key, "must be chosen.", allowed)
            return
        used = [row.id for row in (*self.rules.organisation.map, *self.rules.person.map) if field in row.crm]
        if used:
            self.problem(key, f"the field is also used by row {used[0]}.", "a field of its own")

    # ---- texts that must exist ------------------------------------------------------------------------

    def options(self, field: str) -> tuple[str, ...]:
        return options(self.tables, field)

    def codes(self, table: str) -> Sequence[str]:
        return list(self.tables.get(table, {}))

    def texts(self) -> None:
        org = self.rules.organisation
        for key, chosen, field in (
            ("types", org.types, "OrganisationType"),
            ("statuses", org.statuses, "OrganisationStatus"),
            ("erp_type", (org.erp_type,), "OrganisationType"),
            ("inactive_type", (org.inactive_type,), "OrganisationType"),
        ):
            self.each_option(f"organisation.{key}", (text for text in chosen if text != scope.ALL), field)
        if org.erp_type and org.types and scope.ALL not in org.types and org.erp_type not in org.types:
            self.problem(
                "organisation.erp_type", f"{org.erp_type!r} is not one of the chosen types.", org.types
            )
        self.each_code("organisation.create.class", (org.create.class_,), "customer_class")
        self.each_code("organisation.customer_classes", org.customer_classes, "customer_class")
        self.words()

    def words(self) -> None:
        delivery = self.rules.delivery
        for word in delivery.status_words:
            if word not in WORDS:
                self.problem(f"delivery.status_words.{word}", "there is no such status.", WORDS)
        if delivery.status_field and self.on(Entity.DELIVERY):
            shown = [delivery.status_words.get(word, word) for word in WORDS]
            self.each_option("delivery.status_words", shown, delivery.status_field)
        if delivery.cancel_option and not delivery.cancel_field:
            self.problem("delivery.cancel_field", "must be chosen for cancel_option.", "a dropdown field")
        if delivery.cancel_field:
            self.each_option("delivery.cancel_option", (delivery.cancel_option,), delivery.cancel_field)

    def each_option(self, key: str, texts: Iterable[str], field: str) -> None:
        known = self.options(field)
        for text in texts:
            if text and known and text not in known:
                self.problem(key, f"{field} has no option {text!r}.", known)

    def each_code(self, key: str, codes: Iterable[str], table: str) -> None:
        known = self.codes(table)
        for code in codes:
            if code and known and code not in known:
                self.problem(key, f"the ERP has no {table.replace('_', ' ')} {code!r}.", known)

    # ---- fields that must exist -----------------------------------------------------------------------

    def fields(self) -> None:
        org, person, delivery, layout = (
            self.rules.organisation,
            self.rules.person,
            self.rules.delivery,
            self.rules.item.layout,
        )
        for key, field, kind in (
            ("organisation.number_field", org.number_field, Kind.ORGANISATION),
            ("organisation.marker_field", org.marker_field, Kind.ORGANISATION),
            ("organisation.attention_from", org.attention_from, Kind.PERSON),
            ("person.relevant_field", person.relevant_field, Kind.PERSON),
            ("person.marker_field", person.marker_field, Kind.PERSON),
            ("person.contact_id_field", person.contact_id_field, Kind.PERSON),
            ("delivery.status_field", delivery.status_field, Kind.DELIVERY),
            ("delivery.message_field", delivery.message_field, Kind.DELIVERY),
            ("delivery.trigger_field", delivery.trigger_field, Kind.DELIVERY),
            ("delivery.cancel_field", delivery.cancel_field, Kind.DELIVERY),
            ("line.key_field", self.rules.line.key_field, Kind.LINE),
        ):
            self.exists(key, field, self.crm.get(kind, {}), "webCRM")
        attribute, customer = identity.attribute(self.rules), self.erp.get(Kind.ORGANISATION, {})
        if self.on(Entity.ORGANISATION, Side.ERP) and attribute and customer and attribute not in customer:
            self.problem(
                "organisation.marker_attribute",
                f"no customer class has the attribute {org.marker_attribute!r}.",
                "create it in the ERP, on every class in use",
            )
        if self.on(Entity.ITEM):
            for part in ("id", "name", "internal", "unit"):
                self.exists(
                    f"item.layout.{part}",
                    getattr(layout, part),
                    self.crm.get(Kind.ITEM, {}),
                    "the quotation line set-up of webCRM",
                )

    def exists(self, key: str, field: str, known: Mapping[str, FieldLike], where: str) -> bool:
        if not field or not known or field in known:
            return True
        if field.startswith("attributes.") and not any(path.startswith("attributes.") for path in known):
            return True
        alike = [
            name
            for name in known
            if field.casefold() in name.casefold() or name.casefold() in field.casefold()
        ] or difflib.get_close_matches(field, list(known), 5)
        self.problem(key, f"{where} has no field {field!r}.", alike or known)
        return False

    # ---- rows -----------------------------------------------------------------------------------------

    def rows(self) -> None:
        for section, (crm, erp) in KINDS.items():
            rows: tuple[Row, ...] = getattr(self.rules, section).map
            writers: dict[str, str] = {}
            for row in rows:
                self.row(f"{section}.map {row.id}", row, self.crm.get(crm, {}), self.erp.get(erp, {}))
                for field in row.crm if row.direction.reaches(Side.CRM) else ():
                    if field in writers:
                        self.problem(
                            f"{section}.map {row.id}",
                            f"{field} is written by row {writers[field]} too.",
                            "one row per field",
                        )
                    writers[field] = row.id

    def row(self, key: str, row: Row, crm: Mapping[str, FieldLike], erp: Mapping[str, FieldLike]) -> None:
        good = True
        for field in row.crm:
            good &= self.exists(f"{key} crm", field, crm, "webCRM")
        for path in row.erp:
            if not path.startswith("derived."):
                good &= self.exists(f"{key} erp", path, erp, "the ERP")
        if not good or not any(row.crm):
            return
        self.each_option(f"{key} values", row.values, row.crm[0])
        shared = [text for text, texts in Counter(row.values.values()).items() if texts > 1]
        if shared and row.direction is Direction.TWO_WAY:
            self.problem(
                f"{key} values",
                f"{shared[0]!r} stands for several webCRM texts, so it does not come back as the one it was.",
                "one webCRM text for each ERP text, or to_erp",
            )
        if row.default and row.direction is Direction.TO_CRM:
            self.each_option(f"{key} default", (row.default,), row.crm[0])
        if "customer.order" in row.erp or "externalReference" in row.erp:
            self.problem(f"{key} erp", "this field is reserved for the marker.", "customer.refNo")
        self.unwritable(key, row, erp)
        codec = compile_rows((row,), catalogue={**crm, **erp}, tables=self.tables, rules=self.rules)[0]
        if row.direction is Direction.TWO_WAY and not codec.lossless:
            self.problem(
                f"{key} transforms",
                "a transform without an inverse cannot stand in a two-way row.",
                "to_erp or to_crm",
            )
        elif example := counter_example(codec, self.tables):
            self.problem(
                f"{key} transforms",
                f"values do not come back: {example}.",
                "a chain with an inverse, or one way",
            )

    def unwritable(self, key: str, row: Row, erp: Mapping[str, FieldLike]) -> None:
        """A customer's status is the bookkeeper's (semantics §7); some fields nobody can write."""
        if not row.direction.reaches(Side.ERP) or not key.startswith(("organisation.", "person.")):
            return
        closed = [path for path in row.erp if path in erp and not erp[path].writable]
        if key.startswith("organisation.") and "status" in row.erp:
            self.problem(f"{key} direction", "a customer's status is never written.", "to_crm")
        elif closed:
            self.problem(f"{key} direction", f"{closed[0]} cannot be written.", "to_crm")

    # ---- orders ---------------------------------------------------------------------------------------

    def orders(self) -> None:
        known = self.tables.get("order_type", {})
        if not known or not self.on(Entity.DELIVERY):
            return
        order = self.rules.order
        self.each_code("order.types", order.types, "order_type")
        usable = [code for code, text in known.items() if _sells(text)]
        if self.on(Entity.DELIVERY, Side.ERP) and order.type not in usable:
            self.problem("order.type", f"order type {order.type!r} cannot be used for new orders.", usable)


def _sells(text: str) -> bool:
    """Active, with the behaviour of a sales order or an invoice (semantics §2.4); a plain text says
    nothing against it."""
    if not text.startswith("{"):
        return True
    held = json.loads(text)
    behaviour = str(held.get("behavior", held.get("behaviour", ""))).replace(" ", "").casefold()
    active = str(held.get("active", "true")).casefold() != "false"
    return active and behaviour in ("", "salesorder", "so", "invoice", "in")
