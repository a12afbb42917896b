"""What a service tells of its work: FastStream's middlewares for Prometheus and OpenTelemetry, both off by default."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from canlian_chassis.settings import Settings

log = structlog.get_logger()


class Telemetry:
    """`middlewares` are those that the settings ask for; where they do not, neither library is loaded."""

    def __init__(self, settings: Settings, service: str) -> None:
        self._settings = settings
        self.middlewares: list[Any] = []
        self._registry: Any = None
        self._server: Any = None
        self._tracing: Any = None
        if settings.metrics_port:
            from faststream.nats.prometheus import NatsPrometheusMiddleware  # noqa: PLC0415
            from prometheus_client import CollectorRegistry  # noqa: PLC0415

            self._registry = CollectorRegistry()
            self.middlewares.append(
                NatsPrometheusMiddleware(registry=self._registry, app_name=service, metrics_prefix="canlian")
            )
        if settings.traces_url:
            from faststream.nats.opentelemetry import NatsTelemetryMiddleware  # noqa: PLC0415

            self._tracing = _tracing(settings.traces_url, service)
            self.middlewares.append(NatsTelemetryMiddleware(tracer_provider=self._tracing))

    def start(self) -> None:
        """Let Prometheus read the figures over HTTP, where that is asked for."""
        if self._registry:
            from prometheus_client import start_http_server  # noqa: PLC0415

            port = self._settings.metrics_port
            try:
                self._server, _ = start_http_server(port, self._settings.host, self._registry)
            except OSError as error:  # a service serves without being measured
                log.error("metrics.not_served", port=port, why=str(error), do="give each service a port of its own")

    async def stop(self) -> None:
        if self._server:
            await asyncio.to_thread(self._server.shutdown)
            self._server.server_close()
        if self._tracing:
            await asyncio.to_thread(self._tracing.shutdown)


def _tracing(url: str, service: str) -> Any:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(url)))
    return provider
