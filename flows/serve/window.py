"""All that the pages stand on: the lake, its live index and others, Milvus, and the photos that people gave."""

from dataclasses import dataclass
from pathlib import Path

from flows.serve.indexes.encoding import EncodingOf, here
from flows.serve.indexes.milvus_turns import MilvusTurns
from flows.serve.indexes.other_indexes import OtherIndexes
from flows.serve.indexes.served_index import Serving
from flows.serve.page_metrics import PageMetrics
from flows.serve.photos.upload_reading import UploadReading
from flows.serve.photos.uploads import Uploads
from infra.lake import Lake
from infra.settings import load_settings


@dataclass(frozen=True)
class Window:
    """One lake to be looked at."""

    lake: Lake
    serving: Serving
    others: OtherIndexes
    milvus: MilvusTurns
    uploads: Uploads
    reading: UploadReading
    metrics: PageMetrics

    @classmethod
    def open(
        cls,
        lake: str,
        *,
        index: str | None = None,
        milvus: str = "",
        uploads: Path | None = None,
        encoding_of: EncodingOf = here,
    ) -> "Window":
        """Read what is live, or the index run named, and its model. Raises LakeError, CheckpointError, InputError."""
        settings = load_settings(lake=lake or None, milvus_uri=milvus or None)
        place = Lake(settings.lake)
        serving = Serving(place, index, encoding_of)
        turns = MilvusTurns(settings.milvus_uri, settings.milvus_token)
        return cls(
            place,
            serving,
            OtherIndexes(place, serving, turns),
            turns,
            Uploads(uploads),
            UploadReading(),
            PageMetrics(serving),
        )

    def close(self) -> None:
        """End its threads, its process and its connection."""
        self.serving.now().close()
        self.others.close()
        self.milvus.close()
        self.reading.close()
