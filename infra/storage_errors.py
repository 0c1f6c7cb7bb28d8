"""Which failures of a storage pass by themselves: a server that is down or busy, a connection that broke."""

import errno
import re

_PASSING = {
    errno.EAGAIN, errno.EBUSY, errno.EPIPE, errno.ESTALE, errno.ETIMEDOUT, errno.ECONNABORTED, errno.ECONNREFUSED,
    errno.ECONNRESET, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENETDOWN, errno.ENETRESET, errno.ENETUNREACH,
}  # fmt: skip
# Arrow puts what an object store answered into the text of an OSError without a number: the names of AWS's
# retryable errors (aws-sdk-cpp, CoreErrors.h) and Google's status codes (google.rpc.Code).
_ANSWERS = re.compile(
    r"AWS Error (NETWORK_CONNECTION|SLOW_DOWN|THROTTLING|SERVICE_UNAVAILABLE|INTERNAL_FAILURE|REQUEST_TIMEOUT)"
    r"|HTTP status (429|5\d\d)"
    r"|Status\((UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|ABORTED|INTERNAL)\b"
    r"|curlCode: (5|6|7|28|35|52|55|56)\b"
)


def is_transient(error: BaseException) -> bool:
    """Whether the same call may go well in a minute with nothing mended; a full disk or a wrong key never does."""
    if isinstance(error, TimeoutError | ConnectionError):
        return True
    if not isinstance(error, OSError):
        return False
    return error.errno in _PASSING or (error.errno is None and bool(_ANSWERS.search(str(error))))
