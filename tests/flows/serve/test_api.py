"""The JSON: what its OpenAPI document says, and no fault of ours whatever it is asked."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient

from flows.serve.app import application
from flows.serve.guard import Bounds
from flows.serve.window import Window
from tests.flows.serve.served_lake import ServedLake


def test_the_document_names_every_address_and_asks_nothing_of_other_hosts(site: TestClient) -> None:
    told = site.get("/api/openapi.json").json()

    assert set(told["paths"]) == {
        f"/api/{name}"
        for name in ("search", "compare", "photos", "facets", "why", "product", "changes", "overrides")
    }
    assert site.get("/docs").status_code == 404


def test_facets_count_and_a_product_has_its_prices(site: TestClient, served: ServedLake) -> None:
    product = served.products[3][0]

    facets = site.get("/api/facets", params={"shop": product.shop}).json()
    told = site.get("/api/product", params={"id": product.product_id}).json()

    assert facets["passing"] == 12 and len(facets["shop"]) == 2
    assert told["price"] == float(product.price or 0) == told["prices"][0]["price"]


@pytest.mark.parametrize(
    "address",
    ["/api/search", "/api/search?words=paisley", "/api/why?words=red&hit=x", "/api/changes?since=never"],
)
def test_what_cannot_be_asked_is_one_sentence(site: TestClient, address: str) -> None:
    answer = site.get(address)

    assert answer.status_code == 400 and set(answer.json()) == {"error"}


@pytest.mark.slow
def test_schemathesis_finds_no_request_that_is_answered_with_a_server_error(window: Window) -> None:
    schemathesis = pytest.importorskip("schemathesis")
    app = application(window, Bounds(rate=1_000_000, hosts=frozenset()))
    schema = schemathesis.openapi.from_asgi("/api/openapi.json", app)
    checks = [schemathesis.checks.not_a_server_error]
    operations = list(schema.get_all_operations())
    assert len(operations) >= 5
    for operation in operations:

        @given(case=operation.ok().as_strategy())
        @settings(max_examples=25, suppress_health_check=list(HealthCheck))
        def asked(case: Any) -> None:
            case.call_and_validate(checks=checks)

        asked()
