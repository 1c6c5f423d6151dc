"""One door over HTTP to the endpoints of all plugins, for whichever kind of server the host runs."""

from crmkit.http.asgi_interface import asgi_app as asgi_app
from crmkit.http.doors import asgi as asgi, wsgi as wsgi
from crmkit.http.serving import Endpoints as Endpoints
from crmkit.http.wsgi_interface import wsgi_app as wsgi_app
