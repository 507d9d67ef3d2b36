"""What people call the rows, fields, match keys, entities and systems, in English and Danish.

Owned by `sync.reasons`. A row's name stands under its id, which is the same in the rules, in conflicts and in
the journal; what is no ready-made row keeps the name its administrator gave it.
"""

from collections.abc import Mapping
from types import MappingProxyType

Both = tuple[str, str]
"""English, Danish: in the order of `form.LANGUAGES`."""

ROWS: Mapping[str, Both] = MappingProxyType(
    {
        "O1": ("customer number", "kundenummer"),
        "O2": ("name", "navn"),
        "O3": ("address", "adresse"),
        "O4": ("postal code", "postnummer"),
        "O5": ("city", "by"),
        "O6": ("phone", "telefon"),
        "O7": ("tax zone", "momszone"),
        "O8": ("country", "land"),
        "O9": ("VAT number", "momsnummer"),
        "O10": ("company number", "CVR-nummer"),
        "O11": ("EAN/GLN", "EAN/GLN"),
        "O12": ("payment terms", "betalingsbetingelser"),
        "O13": ("currency", "valuta"),
        "O14": ("customer class", "kundeklasse"),
        "O15": ("invoice e-mail", "faktura-e-mail"),
        "O16": ("company e-mail", "firma-e-mail"),
        "O17": ("invoice address", "fakturaadresse"),
        "O18": ("delivery address", "leveringsadresse"),
        "O19": ("web address", "webadresse"),
        "O20": ("attention", "att."),
        "O21": ("customer status", "kundestatus"),
        "O22": ("credit limit", "kreditmaksimum"),
        "O23": ("customer balance", "kundesaldo"),
        "O24": ("turnover this year", "omsætning i år"),
        "O25": ("price class", "prisklasse"),
        "P1": ("name", "navn"),
        "P3": ("e-mail", "e-mail"),
        "P4": ("job title", "stilling"),
        "P5": ("direct phone", "direkte telefon"),
        "P6": ("mobile phone", "mobil"),
        "P7": ("contact id", "kontakt-id"),
        "P8": ("active", "aktiv"),
        "P9": ("courtesy title", "tiltale"),
        "I1": ("item number", "varenummer"),
        "I2": ("item name", "varenavn"),
        "I3": ("unit", "enhed"),
        "I4": ("cost price", "kostpris"),
        "I5": ("list price", "listepris"),
        "I6": ("internal item id", "internt vare-id"),
        "I7": ("item group", "varegruppe"),
        "I8": ("item text", "varetekst"),
        "I9": ("VAT category", "momskategori"),
        "I10": ("stock", "lager"),
        "I11": ("barcode", "stregkode"),
        "D1": ("invoice numbers", "fakturanumre"),
        "D2": ("order type", "ordretype"),
        "D3": ("order number", "ordrenummer"),
        "D4": ("description", "beskrivelse"),
        "D5": ("order date", "ordredato"),
        "D6": ("delivery date", "leveringsdato"),
        "D7": ("invoice date", "fakturadato"),
        "D8": ("invoice booked", "faktura bogført"),
        "D9": ("sync status", "synkroniseringsstatus"),
        "D10": ("paid", "betalt"),
        "D11": ("invoice balance", "fakturasaldo"),
        "D12": ("due date", "forfaldsdato"),
        "D13": ("customer's reference", "kundens reference"),
        "D14": ("note", "note"),
        "D15": ("person", "person"),
        "D16": ("document currency", "dokumentvaluta"),
        "D17": ("sales person", "sælger"),
        "D18": ("branch", "afdeling"),
        "D19": ("value", "værdi"),
        "D20": ("total including VAT", "total inkl. moms"),
        "D21": ("message", "besked"),
        "D22": ("ERP id and state", "ERP-id og tilstand"),
        "L1": ("item", "vare"),
        "L2": ("quantity", "antal"),
        "L3": ("price", "pris"),
        "L4": ("discount", "rabat"),
        "L5": ("line text", "linjetekst"),
        "L6": ("line unit", "linjeenhed"),
        "L7": ("VAT percentage", "momsprocent"),
        "L8": ("line cost", "linjens kostpris"),
        "L9": ("line order", "linjerækkefølge"),
        "line": ("the line", "linjen"),
        "customer": ("the organisation", "organisationen"),
        "home": ("the organisation", "organisationen"),
        "delivery": ("the delivery", "leverancen"),
        "order_type": ("order type", "ordretype"),
        "currency": ("document currency", "dokumentvaluta"),
        "header": ("the header", "hovedet"),
    }
)
"""Row ids, and the words that stand where no row is meant."""

LABELS: Mapping[str, Both] = MappingProxyType(
    {
        "VAT zone": ("VAT zone", "momszone"),
        "company number, VAT number or GLN": (
            "company number, VAT number or GLN",
            "CVR-nummer, momsnummer eller GLN",
        ),
        "businessAccount": ("customer", "kunde"),
        "deleted": ("deleted", "slettet"),
        "added": ("added", "tilføjet"),
        "opportunity": ("opportunity", "salgsmulighed"),
        "cancelled": ("cancelled", "annulleret"),
    }
)
"""Other words that decisions put into a detail."""

KEYS: Mapping[str, Both] = MappingProxyType(
    {
        "number": ("number", "nummer"),
        "company": ("company number", "CVR-nummer"),
        "vat": ("VAT number", "momsnummer"),
        "gln": ("EAN/GLN", "EAN/GLN"),
        "name": ("name", "navn"),
        "email": ("e-mail address", "e-mailadresse"),
        "contact_id": ("contact id", "kontakt-id"),
        "internal": ("internal id", "internt id"),
        "link": ("link field", "linkfelt"),
        "marker": ("link field", "linkfelt"),
    }
)
SIDES: Mapping[str, str] = MappingProxyType(
    {"crm": "webCRM", "erp": "Visma.net", "webcrm": "webCRM", "visma": "Visma.net"}
)
MASS: Mapping[str, Both] = MappingProxyType(
    {
        "delete": ("deleted", "slettet"),
        "mark": ("marked as ended", "markeret som udgået"),
        "inactivate": ("made inactive", "gjort inaktive"),
        "overwrite": ("overwritten at linking", "overskrevet ved tilknytning"),
    }
)
ENTITIES: Mapping[str, tuple[Both, Both]] = MappingProxyType(
    {
        "organisation": (("organisation", "organisation"), ("customer", "kunde")),
        "person": (("person", "person"), ("contact", "kontakt")),
        "item": (("item", "vare"), ("inventory item", "lagervare")),
        "delivery": (("delivery", "leverance"), ("document", "dokument")),
        "invoice": (("delivery", "leverance"), ("document", "dokument")),
    }
)
"""What the record of each entity is called in webCRM and in Visma.net."""
DOCUMENTS: Mapping[str, Both] = MappingProxyType(
    {"order": ("order", "ordre"), "invoice": ("invoice", "faktura")}
)
"""The heads of ERP document keys: `order:SO/000223`."""
