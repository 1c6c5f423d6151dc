"""Real database servers for tests: private, on a socket in a folder of their own, gone with the test run."""

from private_servers.mariadb import MariaDBServer as MariaDBServer
from private_servers.postgresql import PostgreSQLServer as PostgreSQLServer
from private_servers.programs import Missing as Missing
