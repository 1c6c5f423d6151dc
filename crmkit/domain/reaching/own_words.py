"""What somebody wrote themselves in a reply, without the message it answers."""

from __future__ import annotations

import re

#: Ends of the line before a quoted message: "On … wrote:", "… пишет:", "… <shop@example.org>:".
_SAYS = re.compile(r"(\bwrote|\bпишет|\bписала?|\bнаписала?|\bнаписал\(а\)|\bписал\(а\)|[\w.]>)\s*:\s*$").search
_DATED = re.compile(r"[0-9@]").search
_BEGINS = re.compile(
    r"-{2,} ?(original message|forwarded message|исходное сообщение|пересылаемое сообщение|пересланное сообщение)"
    r"|_{20,}$|(from|от|от кого): .{0,200}@"
).match
_LONGEST_LINE = 400


def own_words(reply: str) -> tuple[str, str]:
    r"""
    Part a reply: what is its writer's own, and what is quoted.

    Lines after `>` are quoted, and so are lines behind one that says who wrote what follows, unless `>` marks them.

    >>> own_words("Стоп\n\n> 10 % off")
    ('Стоп\n', '> 10 % off')
    """
    own: list[str] = []
    quoted: list[str] = []
    lines = reply.splitlines()
    for at, line in enumerate(lines):
        bare = line.strip().lower() if len(line) <= _LONGEST_LINE else ""
        if line.lstrip()[:1] == ">":
            quoted.append(line)
        elif _BEGINS(bare) and any(map(str.strip, own)):
            quoted += lines[at:]
            break
        elif _SAYS(bare):
            _take_the_line_before(own, quoted, bare)
            quoted.append(line)
            follows = next((one.lstrip() for one in lines[at + 1 :] if one.strip()), "")
            if follows[:1] not in ("", ">") and any(map(str.strip, own)) and _DATED(" ".join(quoted[-2:])):
                quoted += lines[at + 1 :]
                break
        else:
            own.append(line)
    return "\n".join(own), "\n".join(quoted)


def _take_the_line_before(own: list[str], quoted: list[str], bare: str) -> None:
    """A long "On … wrote:" is broken over two lines."""
    if own and own[-1].lower().startswith("on ") and _DATED(own[-1]) and not bare.startswith("on "):
        quoted.append(own.pop())
