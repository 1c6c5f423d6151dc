from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import get_args

import pytest
from hypothesis import example, given, settings, strategies as st

from crmkit.domain.reaching.own_words import own_words
from crmkit.domain.reaching.stop_words import LONGEST, Heard, heard


def replies() -> dict[str, list[str]]:
    """Our own corpus: what people answer, by what should be heard."""
    found: dict[str, list[str]] = {}
    kind = ""
    for line in Path(__file__).with_name("replies.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            kind = line[1:-1]
        else:
            found.setdefault(kind, []).append(line.replace(r"\n", "\n"))
    return found


REPLIES = replies()
ONE_LINE = [reply for reply in REPLIES["stop"] if "\n" not in reply]


def test_the_corpus_is_three_hundred_replies_and_more() -> None:
    """Three hundred of either language, each once."""
    every = [reply for kind in REPLIES.values() for reply in kind]
    assert set(get_args(Heard)) == set(REPLIES)
    assert len(every) == len(set(every)) > 500
    assert min(sum(reply.isascii() is plain for reply in REPLIES["stop"]) for plain in (True, False)) > 120


@pytest.mark.parametrize("kind", get_args(Heard))
def test_every_reply_of_the_corpus_is_heard_for_what_it_is(kind: Heard) -> None:
    """No refusal is missed, and none among other words is passed over."""
    assert [] == [(reply, got) for reply in REPLIES[kind] if (got := heard(reply)) != kind]


CASES: st.SearchStrategy[Callable[[str], str]] = st.sampled_from([str.upper, str.lower, str.title, str.swapcase])
NOISE = st.text(' \t.,!?…:;-–—()«»"“”*_~🙏🙂❤️👍🏽\u200b\u00a0', max_size=6)
QUOTED = st.sampled_from(
    [
        "",
        "\n> Скидки! Чтобы отписаться, ответьте СТОП",
        "\n\n> 50 % off\n> call now\n>> more\n",
        "\n\nOn Fri, Nov 28, 2026 at 10:00 AM Shop <shop@example.org> wrote:\n> Sale!\n>\n> today",
        "\r\n\r\nпт, 28 нояб. 2026 г. в 10:00, Магазин <shop@example.org>:\r\n> Скидки",
        "\n\n28 нояб. 2026 г., в 10:00, Shop <shop@example.org> написал(а):\nТолько сегодня!",
        "\n\nSent from my iPhone",
    ]
)


@given(st.sampled_from(ONE_LINE), CASES, NOISE, NOISE, QUOTED)
def test_a_refusal_is_heard_through_noise(
    reply: str, case: Callable[[str], str], before: str, after: str, quoted: str
) -> None:
    """Case, punctuation, emoji and what is quoted below change nothing."""
    assert "stop" == heard(before + case(reply) + after + quoted)


@given(
    st.sampled_from(ONE_LINE),
    st.sampled_from(["Здравствуйте! {}", "please {}", "{} спасибо", "{}, thank you", "Hi.\n{}"]),
)
def test_a_refusal_may_be_polite(reply: str, around: str) -> None:
    """Whoever greets and thanks means no less what they say."""
    assert "stop" == heard(around.format(reply))


@given(st.sampled_from(ONE_LINE), st.sampled_from(["завтра", "заказ", "order", "tomorrow", "шубы"]))
def test_a_refusal_with_other_words_is_never_passed_over(reply: str, word: str) -> None:
    """It may mean something else, so a person looks; nobody is silently written to again."""
    assert "ambiguous" == heard(f"{reply} {word}")
    assert "ambiguous" == heard(f"{word} {reply}")


ALIKE = {"s": "ѕ", "t": "т", "o": "о", "p": "р", "с": "c", "т": "t", "о": "o"}


@given(st.sampled_from(["stop", "стоп"]), st.sets(st.integers(0, 3)))
def test_letters_of_another_alphabet_do_not_hide_a_stop(word: str, put: set[int]) -> None:
    """A keyboard is in the wrong alphabet more often than somebody means another word."""
    disguised = "".join(ALIKE.get(letter, letter) if at in put else letter for at, letter in enumerate(word))
    assert "stop" == heard(disguised) == heard(disguised.upper())
    assert "stop" == heard("от\u00adпи\u200bши\u20e3те")


@settings(max_examples=400)
@given(st.text() | st.text("стопнезвиshdon' \n>:@.,1", max_size=60))
@example("\ud800")
@example("İ ß ﷺ \x00")
@example(">" * 50)
def test_any_text_is_heard_as_something(reply: str) -> None:
    """Whatever a gateway hands over, also what is no valid text."""
    assert heard(reply) in get_args(Heard)


@pytest.mark.parametrize("kind", get_args(Heard))
def test_english_is_read_as_english(kind: Heard) -> None:
    """Letters that look alike make no Russian word of an English one: `he` is not `не`."""
    assert "other" == heard("he will call you, he can write to us")
    assert kind == heard({"stop": "стоп", "ambiguous": "he said stop", "other": "ho ho ho"}[kind])


def test_what_is_too_long_to_read_goes_to_a_person() -> None:
    """Of somebody's own; how much they quote does not count."""
    assert "ambiguous" == heard("да " * LONGEST)
    assert "other" == heard("да\n" + "> длинное письмо\n" * LONGEST)
    assert "stop" == heard("стоп\n" + "> длинное письмо\n" * LONGEST)


@pytest.mark.parametrize(
    "part", ["a ", "1 ", "\n", "on 1 wrote:\n", "<a>: ", "не ", ">\n", "_", "'", "a'", "wrote", " :", "-", "с "]
)
def test_a_reply_takes_time_by_its_length(part: str) -> None:
    """Two hundred thousand characters in well under the minute that a square would take."""
    began = process_time()
    heard(part * (200_000 // len(part)))
    heard(part * (LONGEST // len(part)))
    assert process_time() - began < 5


def test_who_answers_below_what_they_quote_is_read() -> None:
    """Only lines that are marked, or stand behind who wrote them, are somebody else's."""
    assert ("a\nc", "> b") == own_words("a\n> b\nc")
    assert ("стоп", "Иван пишет:") == own_words("Иван пишет:\nстоп")
    assert ("да\n", "On 1 May Jo wrote:\nstop\nnow") == own_words("да\n\nOn 1 May Jo wrote:\nstop\nnow")
    assert ("да", "On 1 May Jo\nwrote:\n> b") == own_words("да\nOn 1 May Jo\nwrote:\n> b")
    assert ("стоп", "On 1 May Jo wrote:") == own_words("On 1 May Jo wrote:\nстоп")
    assert ("From: jo@example.org\nстоп", "") == own_words("From: jo@example.org\nстоп")
    assert ("да\nвот что:\nстоп", "") == own_words("да\nвот что:\nстоп")
