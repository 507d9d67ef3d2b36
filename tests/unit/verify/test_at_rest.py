"""Verifying a store at rest: the systems that the configuration leads to must be those it was filled from."""

import pytest

from streamsync.errors import StoreRefused
from streamsync.store import meta
from streamsync.verify.at_rest import refuse_other
from tests.unit.store.builders import CRM, ERP, NAME, database


def test_another_tenant_is_refused() -> None:
    conn = database()
    meta.remember_identity(conn, NAME, ERP, "tenant-1")
    refuse_other(conn, NAME, ERP, "tenant-1")
    refuse_other(conn, NAME, CRM, "never seen before")
    with pytest.raises(StoreRefused, match=r"filled from Visma.net company tenant-1, but .* tenant-2"):
        refuse_other(conn, NAME, ERP, "tenant-2")
