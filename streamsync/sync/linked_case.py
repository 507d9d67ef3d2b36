"""A linked pair with everything that a decision about it looks at."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from streamsync.model import Base, Direction, Fields, Record
from streamsync.sync import billed_lines, documents, phases
from streamsync.sync.documents import Document
from streamsync.sync.lookup import Lookup, View
from streamsync.sync.phases import Phase
from streamsync.sync.rules import Rules


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`missing`: the ERP document is gone, and `document` is what it last was."""

    view: View
    crm: Record
    document: Document
    attached: tuple[Document, ...]
    missing: bool
    rules: Rules
    look: Lookup
    now_ms: int
    in_scope: bool = True

    @property
    def direction(self) -> Direction:
        return self.rules.delivery.direction

    @property
    def base(self) -> Base:
        return self.view.pair.base

    @property
    def phase(self) -> Phase:
        return phases.phase(self.document, self.attached, missing=self.missing)

    @property
    def word(self) -> str:
        return phases.word(self.document, self.attached, missing=self.missing)

    @property
    def lines_from(self) -> Document:
        """The document whose lines the delivery shows: after invoicing that may be the invoices."""
        return billed_lines.document_of_lines(self.document, self.attached, self.rules)

    @property
    def net(self) -> Decimal | None:
        """The net total of that document."""
        return billed_lines.net(self.document, self.attached, self.rules)

    @property
    def marker(self) -> str:
        return f"erp:{self.document.rid}"

    @property
    def header_percent(self) -> str:
        """The header discount, where it is folded into the lines."""
        fold = self.rules.order.header_discount == "fold"
        return self.crm.fields.get("DeliveryDiscount", "") if fold else ""


def attached_documents(pair: int, rules: Rules, look: Lookup) -> tuple[Document, ...]:
    """The invoices that hang on a delivery, as far as their shadows are there."""
    views = look.attached_invoices(pair)
    return tuple(
        documents.read(view.erp, rules) for view in views if view.erp is not None and not view.erp_missing
    )


def state_fields(marker: str, now_ms: int) -> Fields:
    """Row D22: what says that the delivery is handed over, and to what."""
    now = datetime.fromtimestamp(now_ms // 1000, UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    return {
        "DeliveryErpId": marker,
        "DeliveryErpStatus": "Synchronized",
        "DeliveryErpSyncDateTime": f"{now}Z",
    }


def read_only(case: Case) -> Fields:
    """Row D22's option: `DeliveryErpReadOnly`, where it says something else (webcrm-api §10.3). A delivery
    whose order was deleted stays open, so that its user can send it again."""
    mode, held = case.rules.delivery.erp_read_only, case.crm.fields.get("DeliveryErpReadOnly", "")
    if mode == "never":
        return {}
    done = case.phase in (Phase.COMPLETE, Phase.RELEASED, Phase.ENDED)
    wanted = "true" if not case.missing and (mode == "always" or done) else "false"
    return {} if wanted == (held or "false") else {"DeliveryErpReadOnly": wanted}
