"""The endpoints of one CRM's plugins, as an application to mount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmkit.crm import CRM
from crmkit.http.asgi_interface import ASGIApplication, asgi_app
from crmkit.http.wsgi_interface import wsgi_app

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def asgi(crm: CRM) -> ASGIApplication:
    """
    Serve the endpoints of *crm*'s plugins under `/<plugin>/<endpoint>` with any ASGI server.

    >>> app = asgi(CRM.open("memory://"))
    """
    return asgi_app(crm.plugins.endpoints)


def wsgi(crm: CRM) -> WSGIApplication:
    """
    Serve the endpoints of *crm*'s plugins under `/<plugin>/<endpoint>` with any WSGI server.

    >>> app = wsgi(CRM.open("memory://"))
    """
    return wsgi_app(crm.plugins.endpoints)
