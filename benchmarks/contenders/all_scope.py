"""crmkit, as a program, for one who sees everybody's."""

from contenders.itself import Itself
from peers.serving import serve

if __name__ == "__main__":
    serve(Itself)
