"""One door over HTTP to the endpoints of all plugins, for whichever kind of server the host runs."""

from crmkit.http.asgi import asgi_app as asgi_app
from crmkit.http.serving import Endpoints as Endpoints
from crmkit.http.wsgi import wsgi_app as wsgi_app
