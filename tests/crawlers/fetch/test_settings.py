"""Which parts of Scrapy take part in a crawl: no more than are needed, none that listens or dials by itself."""

import subprocess
import sys
from pathlib import Path

from scrapy.settings import Settings
from scrapy.utils.conf import build_component_list

from crawlers.fetch.settings import settings

ROOT = Path(__file__).resolve().parents[3]


def active(kind: str) -> list[str]:
    """Names of the extensions or middlewares that a crawl starts with, in their order."""
    scrapy_settings = Settings(settings("http://127.0.0.1/", ""))
    parts = build_component_list(scrapy_settings.get_component_priority_dict_with_base(kind))
    return [str(getattr(part, "__name__", part)).rpartition(".")[2] for part in parts]


def test_no_extension_listens_on_a_port_or_writes_a_file() -> None:
    assert set(active("EXTENSIONS")) == {"CoreStats", "AutoThrottle"}


def test_a_request_passes_the_guard_first_and_then_robots_and_patience_stands_next_to_the_network() -> None:
    assert active("DOWNLOADER_MIDDLEWARES") == [
        "GuardMiddleware", "Robots", "DownloadTimeoutMiddleware", "DefaultHeadersMiddleware", "UserAgentMiddleware",
        "RetryMiddleware", "Unpacking", "RedirectMiddleware", "DownloaderStats", "Patience",
    ]  # fmt: skip


def test_what_is_left_out_is_not_even_imported() -> None:
    program = (
        "import sys; from crawlers.doctor.examination import examine_shop; from schemas.errors import FetchError\n"
        "try:\n    examine_shop('acme', 'http://127.0.0.1:1/', '')\n"
        "except FetchError as error:\n    print(error)\nprint(*sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    refused, modules = done.stdout.splitlines()
    assert "connection refused" in refused
    left_out = {
        "aiohttp",
        "requests",
        "tldextract",
        "twisted.conch",
        "scrapy.extensions.remote_control",
        "pandas",
    }
    assert not left_out & set(modules.split())
