"""What people do at webCRM's screen, and what its administrator changes. Reached by `WebcrmWorld.act` and
`/_sim/act`.

Arguments by name; `by` is the user's display name (default: the first user). Member values go under
`fields`. A user may do what the API may not: delete organisations, renumber a locked delivery, add a line
without a product. Raises ValueError with a sentence when the screen would not allow it. The list of acts is
`ACTS`.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from streamsync.simulators.webcrm import check, deals, stamps
from streamsync.simulators.webcrm.schema import ENTITIES, Entity
from streamsync.simulators.webcrm.settings import AREAS, Refusal, Settings, Token
from streamsync.simulators.webcrm.tenant import Field

if TYPE_CHECKING:
    from streamsync.simulators.webcrm.world import WebcrmWorld


class Act:
    """The arguments of one act, read by name and type."""

    def __init__(self, world: "WebcrmWorld", arguments: dict[str, object], now_ms: int) -> None:
        self.world = world
        self.books = world.books
        self.arguments = arguments
        self.now_ms = now_ms
        self.by = self.text("by", world.books.tenant.users[0].name)

    def text(self, name: str, default: str | None = None) -> str:
        value = self.arguments.get(name, default)
        if not isinstance(value, str):
            raise ValueError(f"The act needs `{name}` as text.")
        return value

    def number(self, name: str, default: int | None = None) -> int:
        value = self.arguments.get(name, default)
        if not isinstance(value, int):
            raise ValueError(f"The act needs `{name}` as a number.")
        return value

    def entity(self) -> Entity:
        kind = self.text("kind")
        if kind not in ENTITIES:
            raise ValueError(f"There is no kind `{kind}`; there are {', '.join(ENTITIES)}.")
        return ENTITIES[kind]

    def existing(self, kind: str) -> int:
        number = self.number("id")
        if number not in self.books.tables[kind].rows:
            raise ValueError(f"There is no {kind} with id {number}.")
        return number

    def fields(self, entity: Entity) -> dict[str, Any]:
        """The values of `fields`, held to the same schema as the API's."""
        given = self.arguments.get("fields", {})
        try:
            return check.values(entity, self.books.tenant, check.shape(entity, given, id_required=False))
        except Refusal as refusal:
            raise ValueError(refusal.text) from None


def create(act: Act) -> object:
    """{kind, fields}: gives the id."""
    entity = act.entity()
    values = act.fields(entity)
    if entity.kind == "person" and not values.get("PersonLastName"):
        raise ValueError("A person needs a last name.")
    if entity.kind == "organisation" and not values.get("OrganisationName"):
        raise ValueError("An organisation needs a name.")
    return act.books.create(entity.kind, values, act.by, act.now_ms)


def edit(act: Act) -> object:
    """{kind, id, fields}."""
    entity = act.entity()
    number = act.existing(entity.kind)
    values = act.fields(entity)
    locked = entity.kind == "delivery" and act.books.settings.erp_read_only_locks_screen
    if locked and act.books.tables["delivery"].value(number, "DeliveryErpReadOnly") == "true":
        raise ValueError("The delivery is read only: the ERP owns it.")
    act.books.update(entity.kind, number, values, act.by, act.now_ms)
    return number


def delete(act: Act) -> object:
    """{kind, id}: with everything under it."""
    entity = act.entity()
    number = act.existing(entity.kind)
    act.books.remove(entity.kind, number, act.now_ms)
    return number


def view(act: Act) -> object:
    """{id}: somebody looks at an organisation."""
    number = act.existing("organisation")
    changes = {"OrganisationLastDisplayedAt": stamps.stamp(act.now_ms)}
    if act.books.settings.view_touches:
        changes["OrganisationUpdatedAt"] = stamps.stamp(act.now_ms)
    act.books.tables["organisation"].set(number, changes)
    return number


def add_line(act: Act) -> object:
    """{deal, item?, fields}: `item` is a catalogue id or the text of its Data1; prices are copied. Gives
    the line's id."""
    deal = act.number("deal")
    kind = act.books.deal_kind(deal)
    if kind is None:
        raise ValueError(f"There is no opportunity or delivery with id {deal}.")
    values = act.fields(ENTITIES["line"])
    values["QuotationLineOpportunityId"] = deal
    item = act.arguments.get("item")
    if item is not None:
        number = _item(act, item)
        values["QuotationLineLinkedDataId"] = number
        deals.copy_item(act.books, number, values, with_prices=True)
    lines = act.books.tables["line"]
    orders = [
        lines.value(found, "QuotationLineSortOrder")
        for found in lines.find("QuotationLineOpportunityId", deal)
    ]
    values.setdefault("QuotationLineSortOrder", max(orders, default=0) + 10)
    own = act.books.tables[kind].value(deal, ENTITIES[kind].prefix + "OrganisationId")
    values.setdefault("QuotationLineOrganisationId", own)
    return act.books.create("line", values, act.by, act.now_ms)


def _item(act: Act, item: object) -> int:
    table = act.books.tables["item"]
    found = table.find("QuotationLineLinkedDataItemData1", item) if isinstance(item, str) else [item]
    if len(found) != 1 or found[0] not in table.rows:
        raise ValueError(f"There is not exactly one catalogue item {item}.")
    return int(str(found[0]))


def edit_line(act: Act) -> object:
    """{id, fields}."""
    act.arguments["kind"] = "line"
    return edit(act)


def delete_line(act: Act) -> object:
    """{id}."""
    act.arguments["kind"] = "line"
    return delete(act)


def convert_opportunity(act: Act) -> object:
    """{id}: gives the delivery's id."""
    return deals.convert_to_delivery(act.books, act.existing("opportunity"), act.by, act.now_ms)


def convert_delivery_back(act: Act) -> object:
    """{id, level?}: gives the opportunity's id."""
    number = act.existing("delivery")
    return deals.convert_to_opportunity(act.books, number, act.number("level", 1), act.by, act.now_ms)


def move(act: Act) -> object:
    """{kind: delivery|opportunity, id, organisation}."""
    kind = act.entity().kind
    number, target = act.existing(kind), act.number("organisation")
    if target not in act.books.tables["organisation"].rows:
        raise ValueError(f"There is no organisation with id {target}.")
    deals.move(act.books, kind, number, target, act.by, act.now_ms)
    return number


def _field(act: Act) -> tuple[str, Field]:
    name = act.text("field")
    field = act.books.tenant.fields.get(name)
    if field is None:
        raise ValueError(f"The field {name} is not configured.")
    return name, field


def rename_option(act: Act) -> object:
    """{field, old, new}: records with the old text fall back to the default, silently (Q10). Gives how many
    did."""
    name, field = _field(act)
    old, new = act.text("old"), act.text("new")
    if old not in field.options:
        raise ValueError(f"The field {name} has no option `{old}`.")
    field.options[field.options.index(old)] = new
    return _detach(act, name, old)


def remove_option(act: Act) -> object:
    """{field, option}: as a rename, for the records."""
    name, field = _field(act)
    option = act.text("option")
    if option not in field.options[1:]:
        raise ValueError(f"The field {name} has no option `{option}` that can go.")
    field.options.remove(option)
    return _detach(act, name, option)


def add_option(act: Act) -> object:
    """{field, option}."""
    _, field = _field(act)
    field.options.append(act.text("option"))
    return len(field.options)


def _detach(act: Act, name: str, text: str) -> int:
    detached = 0
    for table in act.books.tables.values():
        if name not in table.entity.members:
            continue
        table.refresh_template(act.books.tenant)
        for number, row in list(table.rows.items()):
            if row.get(name) == text:
                table.set(number, {name: table.template[name]})
                detached += 1
    return detached


def configure_field(act: Act) -> object:
    """{field, settings}: a custom field as in `tenant.Field`."""
    name = act.text("field")
    act.books.tenant.fields[name] = msgspec.convert(act.arguments.get("settings", {}), Field)
    for table in act.books.tables.values():
        if name in table.entity.members:
            table.refresh_template(act.books.tenant)
            if act.books.tenant.fields[name].unique:
                table.index(name)
    return name


def remove_field(act: Act) -> object:
    """{field}: its configuration goes, the texts in the records stay. Gives what it was, for
    `configure_field`."""
    name, field = _field(act)
    del act.books.tenant.fields[name]
    for table in act.books.tables.values():
        if name in table.entity.members:
            table.refresh_template(act.books.tenant)
    return msgspec.to_builtins(field)


def set_settings(act: Act) -> object:
    """Any members of `Settings`; gives them all."""
    known = {field.name for field in msgspec.structs.fields(Settings)}
    wanted = {name: value for name, value in act.arguments.items() if name != "by"}
    unknown = wanted.keys() - known
    if unknown:
        raise ValueError(f"There is no setting {', '.join(sorted(unknown))}.")
    current = act.books.settings
    checked = msgspec.convert({**msgspec.to_builtins(current), **wanted}, Settings)
    for name in wanted:
        setattr(current, name, getattr(checked, name))
    return msgspec.to_builtins(current)


def expire_tokens(act: Act) -> object:
    """Every access token ends now; the application token stays good."""
    act.world.door.expire()
    return True


def set_token(act: Act) -> object:
    """{code, rights?, queries_allowed?, revoked?}: the administrator changes an application token."""
    token = act.world.door.tokens.get(act.text("code"))
    if token is None:
        raise ValueError("There is no such application token.")
    wanted = {
        name: act.arguments[name]
        for name in ("rights", "queries_allowed", "revoked")
        if name in act.arguments
    }
    checked = msgspec.convert({**msgspec.to_builtins(token), **wanted}, Token)
    if not set(checked.rights) <= set(AREAS):
        raise ValueError(f"Rights are for {', '.join(AREAS)}.")
    for name in wanted:
        setattr(token, name, getattr(checked, name))
    return token.name


ACTS: dict[str, Callable[[Act], object]] = {
    "create": create,
    "edit": edit,
    "delete": delete,
    "view": view,
    "add_line": add_line,
    "edit_line": edit_line,
    "delete_line": delete_line,
    "convert_opportunity": convert_opportunity,
    "convert_delivery_back": convert_delivery_back,
    "move": move,
    "rename_option": rename_option,
    "remove_option": remove_option,
    "add_option": add_option,
    "configure_field": configure_field,
    "remove_field": remove_field,
    "set": set_settings,
    "expire_tokens": expire_tokens,
    "set_token": set_token,
}
