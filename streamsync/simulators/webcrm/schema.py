"""The stand-in's own declaration of webCRM's records: members, types, lengths, enums (webcrm-api §10).

Own on purpose: neither the client's structs nor the specification file is read here, so all three check
each other. A member written `Name:type` has type `str` (default), `str50` (maximum 50), `int`, `num`,
`bool`, `dt`, or names an enum; `Name1..9` stands for nine members; a trailing `!` marks what the server
computes and a client's value is ignored.
"""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from streamsync.simulators.webcrm.stamps import EMPTY

ENTITY_TYPES = (
    *("Undefined", "Organisation", "Person", "Activity", "Meeting", "Opportunity", "Delivery", "Product"),
    *("SupportCase", "SupportFaq"),
)
ENUMS: Mapping[str, tuple[str, ...]] = {
    "LastItemType": ("Undefined", "Activity", "Opportunity", "Delivery", "Meeting", "SupportCase"),
    "PersonStatus": ("Active", "Resigned", "Other", "Guest"),
    "ErpStatus": ("NotReadyForSynchronization", "ReadyForSynchronization", "Synchronized"),
    "Risk": ("NoRisk", "Small", "Medium", "High", "Crises"),
    "DeliveryStatus": ("New", "Planned", "OnGoing", "Completed", "GeneralDelivery"),
    "EntityType": ENTITY_TYPES,
}


class Member(msgspec.Struct, frozen=True):
    """One member of a record. `type`: str int num bool dt enum. `maximum` 0: not limited."""

    name: str
    type: str = "str"
    maximum: int = 0
    options: tuple[str, ...] = ()
    computed: bool = False

    def empty(self) -> Any:
        """What a record shows that never had a value."""
        match self.type:
            case "int":
                return 0
            case "num":
                return 0.0
            case "bool":
                return False
            case "dt":
                return EMPTY
            case "enum":
                return self.options[0]
            case _:
                return ""


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """One sort of record. `prefix` starts every member's name; `area` is the token right; `table` the name
    in /Queries."""

    kind: str
    prefix: str
    path: str
    table: str
    area: str
    members: Mapping[str, Member]
    raw_columns: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        return self.prefix + "Id"


_MEMBER = re.compile(r"(\w+?)(?:(\d+)\.\.(\d+))?(?::(\w+))?(!?)")


def declare(prefix: str, text: str) -> dict[str, Member]:
    """Reads the member notation of this module."""
    members: dict[str, Member] = {}
    for word in text.split():
        match = _MEMBER.fullmatch(word)
        if match is None:
            raise ValueError(f"not a member: {word}")
        stem, first, last, kind, computed = match.groups()
        names = [stem] if first is None else [f"{stem}{n}" for n in range(int(first), int(last) + 1)]
        for name in names:
            members[prefix + name] = _member(prefix + name, kind or "str", bool(computed))
    return members


def _member(name: str, kind: str, computed: bool) -> Member:
    if kind in ENUMS:
        return Member(name, "enum", 0, ENUMS[kind], computed)
    if kind.startswith("str"):
        return Member(name, "str", int(kind[3:] or 0), (), computed)
    return Member(name, kind, 0, (), computed)


_STAMPS = " CreatedAt:dt! CreatedBy! UpdatedAt:dt! UpdatedBy! "

_ORGANISATION = (
    _STAMPS
    + """
Address:str250 Alert:str50 ApprovalStatus:int City:str50 Comment CompareName:str500! Country:str50
DivisionName:str200 Domain:str50 ExtraCustom1..8:str50 Fax:str50 Gps:str50! Id:int ImageFileExtension
Industry:str50 LastDisplayedAt:dt! LastItemType:LastItemType! LastItemUpdatedAt:dt! MarketDataId
MarketDataProviderId:int Name:str200 NoAds:bool History! OutlookSync:int OverlayUrl Owner:int Owner2:int
PostCode:str20 ReportTemp:int Sla:int State:str50 Status:str50 Telephone:str50 TelephoneSearch!
TerritoryId:int Type:str50 VatCountry:str10 VatGroup:str20 VatNumber:str50 VatStatus VatVerifiedAt:dt
Www:str50 XDate1..2:dt XInt1..8:int XMemo1..2 XText1..8:str50 Plus1..20:str50 Custom1..15:str50 Memo"""
)

_PERSON = (
    _STAMPS
    + """
Birthday:dt BlockMassEmail:bool BlockMassEmail2:bool CampaignPassword CampaignWrongPasswordCount:int
CheckMark1..10:bool Comment DirectPhone:str50 Email:str100 Email2:str100 EmailBounces:bool!
Email2Bounces:bool! FirstName:str50 Id:int ImageFileExtension LastLoginDateTime:dt! LastName:str50 LoginLog!
MarketDateId MemberGroupId:int MemberLanguageId:int MemberNumber MemberPassword MemberStartDate:dt
MemberStatusId:int MemberWrongPasswordCount:int MiddleName:str50 MobilePhone:str50 Name! History!
OrganisationId:int Password Salutation:str50 Skype:str50 SortOrder:int Status:PersonStatus
SupportLanguageId:int TelephoneSearch! Title:str50 Plus1..20:str50 Custom1..15:str50 Memo"""
)

_DEAL = (
    _STAMPS
    + """
AssignedTo:int AssignedTo2:int Comment CurrencyName:str10 Description:str255 Discount:num ErpId:str50
ErpReadOnly:str10 ErpStatus:ErpStatus ErpSyncDateTime:dt GmRevenue1..12:num History! Id:int NextFollowUp:dt
Note Number:str50 OrderDate:dt OrderGmValue:num OrderValue:num OrganisationId:int Percent:int PersonId:int
Product:str50 ProductId:int QuotationLanguageId:int Revenue1..12:num Search1..2! SpentTime UserGroupId:int
WinPercent:int WinPercent2:int WinYesNo:bool Plus1..20:str50 Custom1..15:str50 Memo """
)
_DELIVERY = _DEAL + (
    "OpportunityCustom1..15:str50 OpportunityMemo OpportunityPlus1..20:str50 Responsible:int Risk:Risk"
    " Status:DeliveryStatus Type:int WonDate:dt"
)
_OPPORTUNITY = _DEAL + "Level:int LevelText! Lost1 Lost2 Lost3 LostDate:dt"

_LINE = (
    _STAMPS
    + """
LinkedDataId:int Comment CostPrice:num Data1..9:str250 Discount:num Id:int ListPrice:num Memo
OpportunityId:int OrganisationId:int PersonId:int Price:num Quantity:num SortOrder:int StockStatus:str50
VatPercentage:num"""
)

_ITEM = (
    "CostPrice:num VatCode:str50 Data1..9:str250 DataMemo EntityType:EntityType Id:int ItemGroup:str250"
    " Price:num"
)

_USER = (
    _STAMPS
    + """
Id:int Name Initials Email LoginName MobilePhone IntegrationId CurrencyName GroupId:int Territories
GmtDifference:int AccessLevel:int LanguageId:int IsRestApiEnabled:bool Password Ticket AuthenticationCode"""
)

ORGANISATION = Entity(
    kind="organisation",
    prefix="Organisation",
    path="Organisations",
    table="Organisation",
    area="organisations",
    members=declare("Organisation", _ORGANISATION),
    raw_columns=("o_lastUpdatedById",),
)
PERSON = Entity(
    kind="person",
    prefix="Person",
    path="Persons",
    table="Person",
    area="persons",
    members=declare("Person", _PERSON),
    raw_columns=(
        "p_lastUpdatedById",
        "p_reportFilterMatch",
        "p_marketDataProviderId",
        "p_lastLogin",
        "p_memDate",
    ),
)
DELIVERY = Entity(
    kind="delivery",
    prefix="Delivery",
    path="Deliveries",
    table="Delivery",
    area="deliveries",
    members=declare("Delivery", _DELIVERY),
    raw_columns=("op_multiTerritory", "op_lastUpdatedById"),
)
OPPORTUNITY = Entity(
    kind="opportunity",
    prefix="Opportunity",
    path="Opportunities",
    table="Opportunity",
    area="opportunities",
    members=declare("Opportunity", _OPPORTUNITY),
    raw_columns=("op_multiTerritory", "op_lastUpdatedById"),
)
LINE = Entity(
    kind="line",
    prefix="QuotationLine",
    path="QuotationLines",
    table="QuotationLine",
    area="quotation_lines",
    members=declare("QuotationLine", _LINE),
)
ITEM = Entity(
    kind="item",
    prefix="QuotationLineLinkedDataItem",
    path="QuotationLines/LinkedData",
    table="LinkedData",
    area="linked_data",
    members=declare("QuotationLineLinkedDataItem", _ITEM),
)
USER = Entity(
    kind="user", prefix="User", path="Users", table="User", area="users", members=declare("User", _USER)
)

ENTITIES: Mapping[str, Entity] = {
    entity.kind: entity for entity in (ORGANISATION, PERSON, DELIVERY, OPPORTUNITY, LINE, ITEM, USER)
}
