"""What the whole chain, `crawl-and-index`, can be told: parameters of its stages, by the same names."""

from typing import Annotated

from pydantic import Field

from flows.parameters.crawl import CrawlParameters
from flows.parameters.fields import (
    Contact,
    FailedShare,
    Gpus,
    Lake,
    Method,
    MethodSettings,
    Milvus,
    Rarest,
    Schedule,
    Shops,
    TestShare,
    TextFields,
    Truth,
    TruthColumns,
    Urls,
    Workers,
)
from flows.parameters.option import Option, Words
from flows.parameters.stage_parameters import StageParameters
from workers.data.split import TEST_SHARE


class ChainParameters(StageParameters):
    """Without `retrain` the newest trained model is used, and only a lake without one trains."""

    urls: Urls = None
    shops: Shops = None
    schedule: Schedule = None
    lake: Lake = ""
    contact: Contact = ""
    failed_share: FailedShare = 0.5
    method: Annotated[Method, Option()] = "house"
    settings: MethodSettings = None
    retrain: Annotated[bool, Field(description="Learn anew; else only a lake without a model trains.")] = (
        False
    )
    fields: TextFields = None
    rarest: Annotated[Rarest, Option(absent=True)] = 2
    test_share: Annotated[TestShare, Option(absent=True)] = TEST_SHARE
    workers: Workers = "auto"
    gpus: Gpus = ""
    milvus: Milvus = ""
    truth: Truth = None
    columns: Annotated[
        TruthColumns, Option(help="Columns of the truth to score, by comma.", words=Words.COMMA)
    ] = None

    def crawl(self) -> CrawlParameters:
        """Return what its first stage is told."""
        return CrawlParameters(
            urls=self.urls, shops=self.shops, schedule=self.schedule, lake=self.lake, contact=self.contact
        )
