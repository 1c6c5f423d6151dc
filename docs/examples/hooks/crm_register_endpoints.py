"""A form on a web site hands its visitors over."""

from collections.abc import Iterable

from crmkit.plugins import Endpoint, Plugin, Request, Response, hookimpl


class Forms(Plugin[None]):
    """Brings an endpoint; the host mounts `crmkit.http.wsgi(crm)`, and this answers at `/forms/contact`."""

    @hookimpl
    def crm_register_endpoints(self) -> Iterable[Endpoint]:
        """Bring the endpoint."""
        return [Endpoint("contact", self.contact)]

    def contact(self, request: Request) -> Response:
        """Keep whoever wrote; a field that is wrong is answered with 422 by itself."""
        said = request.form()
        with self.crm.begin() as tx:
            tx.clients.ensure(name=said.get("name", ""), phone=said.get("phone"))
        return Response.text("Thank you.")
