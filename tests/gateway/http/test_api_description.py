"""The permissions that the description of the API is made from."""

from gateway.access.permissions import ADMIN, PUBLIC, VIEW
from gateway.http.api_description import permissions
from gateway.http.routes import TABLE
from tests.gateway.conftest import Site


async def test_each_route_has_the_permission_of_the_table(site: Site) -> None:
    application = site.gateway._server.request_callback
    described = permissions(application)  # type: ignore[arg-type]
    assert list(described) == [path for path, _, _ in TABLE]
    assert (described["/"], described["/metrics"], described["/healthz"]) == (VIEW, ADMIN, PUBLIC)
