"""crmkit, as a program, for one who sees only what she owns, behind the second wall of PostgreSQL."""

from contenders.itself import Walled
from peers.serving import serve

if __name__ == "__main__":
    serve(Walled)
