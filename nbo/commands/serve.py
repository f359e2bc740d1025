"""`nbo serve`: the service, with the embedded Redis held as long as it runs."""

from __future__ import annotations

import os

import rich_click as click

from nbo.embedded_redis import watched_redis_url
from nbo.listening_port import listening_socket
from nbo.local_home import local_home
from nbo.output import note
from nbo.start_checks import checked_settings


@click.command()
@click.option("--workers", type=click.IntRange(min=1), default=1, show_default=True)
@click.option("--host", help="Address to bind.  [default: NBO_HOST, else 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), help="[default: NBO_PORT, else 8000]")
@click.option(
    "--insecure", is_flag=True, help="Allow a host others can reach without authentication."
)
def serve(workers: int, host: str | None, port: int | None, insecure: bool) -> None:
    """Answer decisions over HTTP; the API documentation is at /schema.

    Example: nbo serve --workers 2 --port 8000
    """
    from service.settings import is_loopback

    given = {"NBO_HOST": host, "NBO_PORT": port and str(port), "NBO_INSECURE": insecure and "true"}
    os.environ.update({key: value for key, value in given.items() if value})
    home = local_home()
    settings = checked_settings(home)
    if not (settings.authenticates or is_loopback(settings.host)):
        note(f"nbo: WARNING: {settings.host} is open to others and nobody has to authenticate")
    with (
        listening_socket(settings.host, settings.port) as listener,
        watched_redis_url(home.root) as url,
    ):
        from nbo.workers import serve_on

        os.environ["NBO_REDIS_URL"] = url
        note(f"nbo: listening on http://{settings.host}:{settings.port}")
        serve_on(listener, workers=workers)
