"""What /health says of parts that are there, away, or talk nonsense."""

from pathlib import Path

from canlian_chassis.testing.servers import NatsServer
from canlian_edge.app import edge
from canlian_edge.settings import SERVICES, TOOLS, EdgeSettings
from canlian_web.testing import browser, running


async def test_a_part_that_does_not_answer_is_named_and_the_whole_is_not_ready(
    server: NatsServer, tmp_path: Path, upstream: str
) -> None:
    asked = EdgeSettings(
        nats_url=server.url,
        data=tmp_path,
        parts="edge,registry,volunteer,provider",
        volunteer=upstream,
        provider="127.0.0.1:1",
    )
    async with running(edge(asked)) as tool:
        answer = await browser(tool).get("/health")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    parts = {name: part["status"] for name, part in answer.json()["parts"].items()}
    assert parts == {"edge": "ready", "registry": "not ready", "volunteer": "ready", "provider": "not ready"}


async def test_a_service_answers_over_the_logs_server(server: NatsServer, tmp_path: Path) -> None:
    async with running(edge(EdgeSettings(nats_url=server.url, data=tmp_path, parts="registry"))) as tool:
        assert tool.nats is not None

        async def answer(message: object) -> None:
            await message.respond(b'{"status": "ready", "parts": {"nats": "connected"}}')  # type: ignore[attr-defined]

        await tool.nats.subscribe("health.registry", cb=answer)
        said = (await browser(tool).get("/health")).json()
    assert said["parts"]["registry"] == {"status": "ready", "parts": {"nats": "connected"}}


async def test_without_a_log_the_edge_still_answers(tmp_path: Path) -> None:
    alone = EdgeSettings(nats_url="nats://127.0.0.1:1", data=tmp_path, parts="edge,registry")
    async with running(edge(alone), level=False) as tool:
        assert (await browser(tool).get("/health")).status_code == 503
        assert (await browser(tool).get("/")).status_code == 200


def test_where_nobody_says_which_parts_run_all_that_are_known_are_asked() -> None:
    everything = EdgeSettings.model_validate({name.replace("-", "_"): "x:1" for name in TOOLS})
    assert everything.services == list(SERVICES)
    assert list(everything.tools) == list(TOOLS)
