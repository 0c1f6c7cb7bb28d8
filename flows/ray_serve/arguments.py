"""What the application on Ray Serve is told, by the file of it or behind `serve run`."""

from pydantic import BaseModel, ConfigDict, Field


class SearchApp(BaseModel):
    """The application's arguments.

    lake      folder that all nodes see, `s3://` or `gs://`; by default what VITRINE_LAKE says
    milvus    a server; by default what VITRINE_MILVUS_URI says
    index     index run to ask instead of what is live
    rate      searches per second of one client
    pages     replicas of the page; more than one need `uploads`
    uploads   folder that all nodes see, for photos that people gave
    encoders  replicas of the encoder at most; as many run as photos wait, one at least
    gpus      GPUs of each of those, or a part of one
    """

    model_config = ConfigDict(extra="forbid")

    lake: str = ""
    milvus: str = ""
    index: str | None = None
    rate: float = Field(default=20.0, gt=0)
    pages: int = Field(default=1, ge=1)
    uploads: str = ""
    encoders: int = Field(default=4, ge=1)
    gpus: float = Field(default=0.0, ge=0)
