"""Every sort of value that a mapping row can carry, with what users and the ERP may hold in it.

For the property tests of conversions and of the merge: one `Sort` per transform of the registry, and one for
value maps. `crm` and `erp` draw one side's texts, tidy and untidy ones alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from hypothesis import strategies as st

from streamsync.sync.codecs import compile_rows
from streamsync.sync.normalise import blank_option
from streamsync.sync.rows import Codec, Row, Texts
from streamsync.sync.rules import Rules

Drawn = st.SearchStrategy[Texts]

TABLES: Mapping[str, Mapping[str, str]] = {
    "vat_zone": {"01": "Indland", "02": "EU", "03": '{"description": "Eksport: resten"}'},
    "option:OrganisationVatGroup": {"-- vælg --": "0", "01: Indland": "1", "EU": "2", "03": "3"},
    "option:DeliveryCurrencyName": {"DKK": "00", "EUR: euro": "01"},
    "user": {"7": '{"email": "maja@kunde.example"}', "8": '{"initials": "PH"}', "9": "Ingen anden"},
    "salesperson": {"S1": '{"email": "Maja@Kunde.example"}', "S2": '{"initials": "ph"}', "S3": "Ole"},
}
BLANKS = st.sampled_from(["", "", " ", "\t", "\u00a0", "\r\n", "\x1c", "\u2028"])
TEXT = st.one_of(
    st.text(max_size=14),
    st.text(alphabet="ab -.'\"%_*@<>&;,\\/\r\nÆø\u00a0", max_size=14),
    st.sampled_from(["", "-", "--", "O'Hara & Søn", "x" * 300, "0", "true", "<b>", "-- x --"]),
)
FIGURE = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=3).map(
        str
    ),
    st.integers(-(10**12), 10**12).map(str),
    st.sampled_from(["", "0", "-0", "1.00000", "0.5", "2.5", "-0.00004", "1e3", "abc", "NaN", "9" * 60]),
)
MOMENT = st.one_of(
    st.dates().map(str),
    st.datetimes().map(lambda at: at.isoformat(timespec="milliseconds") + "Z"),
    st.datetimes().map(lambda at: at.isoformat(timespec="seconds")),
    st.just(""),
)
PHONE = st.builds(
    lambda head, body: head + body,
    st.sampled_from(["", "+45", "0045 ", "+46 (0)", "0", "(+47) "]),
    st.text(alphabet="0123456789 -()/+", max_size=12),
)
COUNTRY_NAMES = [
    "",
    "Danmark",
    "danmark",
    "Denmark",
    "Norge",
    "Tanska",
    "dk",
    "SE",
    "Holland",
    "Atlantis",
    "--",
]
COUNTRY_CODES = ["", "DK", "NO", "SE", "NL", "FI", "gb", "ZZ"]
NUMBER = st.builds(
    lambda head, body, tail: head + body + tail if body else "",
    st.sampled_from(["", "DK", "dk ", "NO", "GR-"]),
    st.sampled_from(["", "12345678", "12 34 56 78", "987.654.321", "1234-5678", "00123456"]),
    st.sampled_from(["", " MVA", " "]),
)


def padded(texts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds(lambda before, text, after: before + text + after, BLANKS, texts, BLANKS)


def some(texts: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(texts)


def alone(texts: st.SearchStrategy[str]) -> Drawn:
    return st.tuples(texts)


def _named(texts: Texts) -> bool:
    """The ERP demands a last name, and has no need of webCRM's dash for none (semantics E20)."""
    dashes = any(blank_option(text) for text in texts if text.strip())
    return not dashes and (bool(texts[-1].strip()) or not any(texts))


LINES = st.lists(some(["Vej 1", "2. sal", "", " ", "c/o Ane", "x" * 70]), max_size=6)
PLACE = st.tuples(
    *([some(["", "Vej 1", "2. sal", "c/o Ane"])] * 3),
    some(["", "8000", "1999", "SW1A 1AA"]),
    some(["", "Aarhus C", "London"]),
    some(["", "DK", "GB"]),
)


@dataclass(frozen=True)
class Sort:
    chain: tuple[str, ...]
    crm: Drawn
    erp: Drawn
    paths: tuple[tuple[str, ...], tuple[str, ...]] = (("C",), ("e",))
    values: tuple[tuple[str, str], ...] = ()

    def codec(self, number: int = 0, **changes: object) -> Codec:
        """`number` keeps the fields of several rows apart; dropdowns and figures keep their field's name."""
        crm, erp = (
            tuple(f"{path}{number or ''}" if len(path) == 1 else path for path in side) for side in self.paths
        )
        row = Row(id=f"X{number}", crm=crm, erp=erp, transforms=self.chain, values=dict(self.values))
        for name, value in changes.items():
            row = Row(**{**{key: getattr(row, key) for key in row.__struct_fields__}, name: value})
        return compile_rows((row,), catalogue=None, tables=TABLES, rules=Rules())[0]


def same(chain: str, texts: st.SearchStrategy[str]) -> Sort:
    return Sort((chain,), alone(texts), alone(texts))


SORTS: Mapping[str, Sort] = {
    "plain": Sort((), alone(TEXT), alone(TEXT)),
    "limited": Sort(
        ("single_line", "company_name"), alone(TEXT), alone(TEXT), (("OrganisationName",), ("name",))
    ),
    "trim": same("trim", padded(TEXT)),
    "single_line": same("single_line", padded(TEXT)),
    "company_name": same("company_name", some(["", "Kunde A/S", "KUNDE AS", "Kunde ApS", "Anden"])),
    "phone": same("phone", PHONE),
    "email": same("email", padded(some(["", "Maja@Kunde.example", "maja@kunde.example", "ß@x.example"]))),
    "url": same("url", padded(some(["", "https://kunde.example/", "kunde.example", "HTTP://KUNDE.example"]))),
    "digits": same("digits", TEXT | NUMBER),
    "integer": same("integer", FIGURE),
    "money": same("money", FIGURE),
    "decimal": same("decimal(2)", FIGURE),
    "date": same("date", MOMENT),
    "company_number": same("company_number", NUMBER),
    "vat": same("vat(country, with_prefix)", NUMBER),
    "cut": same("cut(5)", TEXT),
    "checkbox": Sort(
        ("checkbox",), alone(some(["", "Yes", "No", "yes", "ja"])), alone(some(["", "true", "false"]))
    ),
    "active_status": Sort(
        ("active_status",),
        alone(some(["", "Active", "Resigned", "Guest", "Other"])),
        alone(some(["", "true", "false"])),
    ),
    "country": Sort(("country(language)",), alone(some(COUNTRY_NAMES)), alone(some(COUNTRY_CODES))),
    "code": Sort(
        ("code(vat_zone)",),
        alone(some(["", "-- vælg --", "01: Indland", "EU", "03", "04: Mars"])),
        alone(some(["", "01", "02", "03", "04"])),
        (("OrganisationVatGroup",), ("vatZone.id",)),
    ),
    "currency": Sort(
        ("currency",),
        alone(some(["", "00", "01", "02"])),
        alone(some(["", "DKK", "eur", "SEK"])),
        (("DeliveryCurrencyName",), ("currencyId",)),
    ),
    "user": Sort(
        ("user",), alone(some(["", "7", "8", "9", "10"])), alone(some(["", "S1", "S2", "S3", "S4"]))
    ),
    "values": Sort(
        (),
        alone(some(["", "A", "B", "C", "D"])),
        alone(some(["", "1", "2", "3"])),
        values=(("A", "1"), ("B", "1"), ("C", "2")),
    ),
    "name": Sort(
        ("name", 'mandatory("-")'),
        st.tuples(padded(TEXT), padded(TEXT)),
        st.tuples(padded(TEXT), padded(TEXT)).filter(_named),
        (("F", "L"), ("f", "l")),
    ),
    "mandatory": Sort(
        ('mandatory("-")',), alone(some(["", "-", " - ", "a", "--"])), alone(some(["", "a", "--"]))
    ),
    "address_lines": Sort(
        ("address_lines",),
        alone(LINES.map("\r\n".join) | TEXT),
        st.tuples(*([some(["", "Vej 1", "2. sal", " ", "c/o Ane "])] * 3)),
        (("A",), ("a", "b", "c")),
    ),
    "address_block": Sort(
        ("address_block",),
        alone(LINES.map("\n".join)),
        PLACE,
        (("A",), ("a", "b", "c", "d", "e", "f")),
    ),
    "html_text": same("html_text", TEXT | some(["<p>A &amp; B</p><br>C", "&lt;b&gt;", "<", "&amp;amp;"])),
    "group_name": same("group_name", TEXT),
    "name_division": Sort(("name_division",), st.tuples(TEXT, TEXT), alone(TEXT), (("N", "D"), ("n",))),
}
BACK_AND_FORTH = tuple(
    name for name in SORTS if name not in ("cut", "html_text", "group_name", "name_division", "address_block")
)
"""Those whose steps all say that they have an inverse, as a two-way row needs (address_block: see its
test)."""
