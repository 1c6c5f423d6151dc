"""crmkit, as a program, for one who sees only what she owns."""

from contenders.itself import OwnScope
from peers.serving import serve

if __name__ == "__main__":
    serve(OwnScope)
