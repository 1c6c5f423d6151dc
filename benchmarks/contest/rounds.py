"""Rounds in which everybody has a turn: what a busy machine does to one of them, it does to all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from statistics import median, quantiles

import attrs
from contest.contenders import Contender

#: The workloads whose operations are timed one by one.
WORKLOADS = ("W1", "W2", "W4", "W5")
Say = Callable[[str], None]


@attrs.frozen
class Turn:
    """What one contender took for the operations of one workload in one round, in microseconds."""

    p50: float
    p95: float
    mean: float


@attrs.frozen
class Rounds:
    """The turns of each contender by workload, round by round; who could not do a workload is left out of it."""

    turns: Mapping[tuple[str, str], Sequence[Turn]]
    wrong: Mapping[str, int]

    def p50(self, name: str, workload: str) -> float:
        """The median over the rounds of the median of each."""
        return median([turn.p50 for turn in self.turns[name, workload]])

    def p95(self, name: str, workload: str) -> float:
        """The median over the rounds of what 19 of 20 operations did not exceed."""
        return median([turn.p95 for turn in self.turns[name, workload]])

    def rate(self, name: str, workload: str) -> float:
        """Operations a second, of the median round."""
        return 1e6 / median([turn.mean for turn in self.turns[name, workload]])

    def times(self, name: str, against: str, workload: str) -> tuple[float, float, float]:
        """How many times the p50 of another this one's is: lowest, median and highest of the rounds."""
        pairs = zip(self.turns[name, workload], self.turns[against, workload], strict=True)
        ratios = sorted(ours.p50 / theirs.p50 for ours, theirs in pairs)
        return ratios[0], median(ratios), ratios[-1]

    def share(self, name: str, against: str, workload: str) -> float:
        """Which part of another's rate this one reaches: the median of the rounds."""
        pairs = zip(self.turns[name, workload], self.turns[against, workload], strict=True)
        return median([theirs.mean / ours.mean for ours, theirs in pairs])


def held(
    contenders: Sequence[Contender], rounds: int, count: int, say: Say, workloads: Sequence[str] = WORKLOADS
) -> Rounds:
    """Let everybody take turns, one round the one way, the next the other; the first warms up, and is not counted."""
    turns: dict[tuple[str, str], list[Turn]] = {}
    wrong: dict[str, int] = {one.name: 0 for one in contenders}
    for number in range(rounds + 1):
        say(f"round {number} of {rounds}")
        for one in contenders if number % 2 else reversed(contenders):
            for workload in workloads:
                several = one.count(workload, count)
                answer = one.process.ask("run", workload=workload, first=number * several, count=several)
                if "unsupported" in answer:
                    continue
                wrong[one.name] += answer["wrong"]
                if number:
                    turns.setdefault((one.name, workload), []).append(_turn(answer["nanoseconds"]))
    return Rounds(turns, wrong)


def _turn(taken: Sequence[int]) -> Turn:
    micros = [one / 1000 for one in taken]
    return Turn(
        median(micros), quantiles(micros, n=20)[-1] if len(micros) > 1 else micros[0], sum(micros) / len(micros)
    )
