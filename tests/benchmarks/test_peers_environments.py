from __future__ import annotations

from pathlib import Path

import pytest
from peers.environments import PEERS, python_of, requirements
from peers.target import target

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks" / "peers"


@pytest.mark.parametrize("name", PEERS)
def test_every_peer_is_a_program_with_exact_versions(name: str) -> None:
    """A figure is repeated only with the versions it was measured with."""
    assert (FOLDER / f"{name}.py").is_file()
    assert [] == [line for line in requirements(name).splitlines() if line.count("==") != 1]


def test_who_is_no_peer_is_not_installed(tmp_path: Path) -> None:
    """A name with a typing error must not come as far as the network."""
    with pytest.raises(LookupError, match="sqlalchemy_core"):
        python_of("sqlalchemy", tmp_path)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("url", ["sqlite:///relative.db", "mysql://nobody@nowhere/db", "sqlite:////x.db?synchronous=1"])
def test_a_place_that_peers_cannot_have_is_refused(url: str) -> None:
    """A relative file would be another one in each process."""
    with pytest.raises(ValueError, match=r"take|synchronous is"):
        target(url)


def test_a_place_is_read_in_its_parts() -> None:
    """Each package wants them in its own way."""
    place = target("postgresql://user:p%40ss@127.0.0.1:5433/shop")
    assert ("127.0.0.1", "5433", "user", "p@ss", "shop") == tuple(place.parameters.values())
    assert "PRAGMA synchronous=NORMAL" in target("sqlite:////tmp/x.db?synchronous=NORMAL").pragmas
