"""What Ray's dashboard, its jobs and Ray Serve need beside the environment of vitrine; the image has it, too."""

from infra.machine import ROOT

RAY_PACKAGES = (
    ROOT / ".venv/ray-serve"
)  # `make ray-serve` puts them there, from tests/flows/ray_serve/serve.lock
