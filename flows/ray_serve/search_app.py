"""What `serve run flows.ray_serve.search_app:search_app` runs, and a RayService on Kubernetes."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray import serve

from flows.ray_serve.arguments import SearchApp
from flows.ray_serve.encoder_replica import EncoderReplica
from flows.ray_serve.remote_encoding import RemoteEncodingOf
from infra.lake import Lake
from infra.settings import load_settings
from schemas.errors import InputError

if TYPE_CHECKING:
    from ray.serve import Application
    from starlette.types import ASGIApp

ENCODER = "photo-encoder"
BEYOND_LOOPBACK = "0.0.0.0"  # a proxy of Ray Serve listens wherever its cluster says


def search_app(arguments: SearchApp) -> "Application":
    """Build the application. Raises InputError where several pages would not see each other's uploads, UsageError
    without VITRINE_SERVE_TOKEN."""
    from flows.serve.listening import bounds_for

    bounds_for(BEYOND_LOOPBACK, arguments.rate)  # refused here, not in a replica again and again
    if arguments.pages > 1 and not arguments.uploads:
        raise InputError("pages", "more than one need uploads=FOLDER that all of them see")
    scale = {"min_replicas": 1, "max_replicas": arguments.encoders, "target_ongoing_requests": 16}
    lake = Lake(load_settings(lake=arguments.lake or None).lake).uri
    deployment: Any = serve.deployment
    encoder = deployment(EncoderReplica).options(
        name=ENCODER,
        autoscaling_config=scale,
        max_ongoing_requests=64,
        ray_actor_options={"num_cpus": 1, "num_gpus": arguments.gpus},
    )
    page = deployment(serve.ingress(_page(arguments.model_copy(update={"lake": lake})))(Page))
    sized = page.options(num_replicas=arguments.pages, max_ongoing_requests=128)
    app: Application = sized.bind(encoder.bind(lake))
    return app


class Page:
    """The search page; needs the encoder beside it."""

    def __init__(self, encoder: Any) -> None:
        self.encoder = encoder


def _page(arguments: SearchApp) -> "Callable[[], ASGIApp]":
    def build() -> "ASGIApp":
        from flows.serve.app import application
        from flows.serve.listening import bounds_for
        from flows.serve.window import Window

        encoder = serve.get_deployment_handle(ENCODER, serve.get_replica_context().app_name)
        uploads = Path(arguments.uploads) if arguments.uploads else None
        window = Window.open(
            arguments.lake,
            index=arguments.index,
            milvus=arguments.milvus,
            uploads=uploads,
            encoding_of=RemoteEncodingOf(encoder),
        )
        return application(window, bounds_for(BEYOND_LOOPBACK, arguments.rate))

    return build
