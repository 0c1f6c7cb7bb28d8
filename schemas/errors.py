"""Every error this project raises on purpose.

PipelineError
├── InputError        something the user named that cannot be used: a file, an option, a shop
│   └── UsageError    a command or flow called as it cannot be: an option's value, options that exclude each other
├── LakeError         a lake or run that cannot be read or written as it stands
├── SchemaError       a table whose columns are not the declared ones
├── CountError        a stage that cannot say where a row went: in != out + rejected
├── FetchError        a shop that does not answer, or answers what no crawler can use
├── PageError         a shop page without something every product page has
├── ImageError        bytes that are no usable photo; `reason` is one of schemas.reject.REASONS
├── CheckpointError   weights that are not the ones asked for
├── MethodError       a method name with no file
├── RejectedError     a run stopped because too many of its rows were refused
├── StalledError      a crawl or a stage that got no further for so long that it was ended
└── VectorStoreError  Milvus refused, is held by another process, or holds something else than was loaded

`transient` says of an error whether the same again may go well in a minute, with nothing mended: a server that is
down, a connection that broke. It is set where the fault of a storage, of Milvus or of the network becomes one of ours,
and is all that decides whether a task is tried again.

Arguments go to Exception positionally and unformatted, so that an error raised on a Ray worker
unpickles in the driver with its fields; `__str__` makes the one sentence a user reads.
"""


class PipelineError(Exception):
    """The root: whoever catches this shows `str(error)` and no traceback."""

    transient = False


class _NamedError(PipelineError):
    """A thing at fault and why; the shape shared by most errors below."""

    def __init__(self, what: str, why: str, *, transient: bool = False) -> None:
        super().__init__(what, why)
        self.what = what
        self.why = why
        self.transient = transient  # in the instance's own dict, which is pickled beside the arguments

    def __str__(self) -> str:
        return f"{self.what}: {self.why}"


class InputError(_NamedError):
    """Something the user named cannot be used: a missing file, a bad option, a catalogue without titles."""


class UsageError(InputError):
    """Something is called as it cannot be, whatever files and shops there are: commands then end with 2, not 1."""


class LakeError(_NamedError):
    """A lake or a run in it cannot be read or written as it stands."""


class FetchError(_NamedError):
    """A shop does not answer, refuses us, or offers nothing a crawler can read."""


class CheckpointError(_NamedError):
    """Weights are not the ones asked for: another shape, another hash, no file."""


class VectorStoreError(_NamedError):
    """Milvus refused a call, is held by another process, or holds other entities than were loaded."""


class StalledError(_NamedError):
    """A crawl or a stage got no further for so long that it was ended; not transient, it would hang once more."""


class PageError(PipelineError):
    """A product page lacks something that every product has. `missing` names the field."""

    def __init__(self, url: str, missing: str) -> None:
        super().__init__(url, missing)
        self.url = url
        self.missing = missing

    def __str__(self) -> str:
        return f"{self.url}: no {self.missing} on this page"


class ImageError(PipelineError):
    """Bytes that are no usable photo. `reason` is one of schemas.reject.REASONS, `detail` the decoder's words."""

    def __init__(self, image: str, reason: str, detail: str) -> None:
        super().__init__(image, reason, detail)
        self.image = image
        self.reason = reason
        self.detail = detail

    def __str__(self) -> str:
        return f"image {self.image}: {self.reason} ({self.detail})"


class SchemaError(PipelineError):
    """A table whose columns are not the declared ones."""

    def __init__(self, table: str, difference: str) -> None:
        super().__init__(table, difference)
        self.table = table
        self.difference = difference

    def __str__(self) -> str:
        return f"table {self.table} is not as declared: {self.difference}"


class CountError(PipelineError):
    """A stage lost or invented rows."""

    def __init__(self, stage: str, came_in: int, went_out: int, rejected: int) -> None:
        super().__init__(stage, came_in, went_out, rejected)
        self.stage = stage
        self.came_in = came_in
        self.went_out = went_out
        self.rejected = rejected

    def __str__(self) -> str:
        return (
            f"stage {self.stage} lost count: {self.came_in} in, {self.went_out} out, {self.rejected} rejected"
        )


class RejectedError(PipelineError):
    """Too large a share of a stage's rows was refused; `reason` is the one that leads, `example` one such row."""

    def __init__(self, stage: str, rejected: int, seen: int, reason: str, example: str = "") -> None:
        super().__init__(stage, rejected, seen, reason, example)
        self.stage = stage
        self.rejected = rejected
        self.seen = seen
        self.reason = reason
        self.example = example

    def __str__(self) -> str:
        if self.example:
            things = "photos" if self.stage == "image" else "rows"
            rows = f"{self.rejected:,} of {self.seen:,} {things} refused"
            return f"{self.stage} stopped: {rows}: {self.reason}, e.g. {self.example}"
        return f"{self.stage} stopped: {self.rejected} of {self.seen} refused, mostly {self.reason}"


class MethodError(PipelineError):
    """A method name with no file under workers/methods."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(name, known)
        self.name = name
        self.known = known

    def __str__(self) -> str:
        return f"no method named {self.name!r}; there are {', '.join(self.known)}"
