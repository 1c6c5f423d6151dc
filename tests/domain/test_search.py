"""What somebody types finds whom they mean: rules that hold for every text and every number."""

from __future__ import annotations

import string
import unicodedata

import pytest
from hypothesis import assume, example, given, settings, strategies as st

from crmkit.domain import search
from crmkit.domain.phone import dialling, phone_key
from crmkit.domain.search import LONGEST, answers, question, tokens_of
from crmkit.domain.words import _long_way, folded, words_of
from crmkit.testing import a_client, a_contact, a_contact_point

ADA = a_client("Ada")
#: Texts full of what folding is about: accents, breves, kana, digits of other scripts, invisible marks.
TRICKY = "иИйЙёЁўуеЕ\u0306\u0301\u0308\u3099\u309aかカガｶﾞßẞİıﬁΣς²½٣१\u200d\u00ad\ufe0fåÅ가\u1100\u1161\u0345\u093f\u094d @+()-.,'\"0123"
texts = st.text(st.sampled_from(TRICKY) | st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
regions = st.sampled_from(["RU", "DE", "US", "IT", "BR", None])
numbers = st.sampled_from(
    [("RU", "+79123456789"), ("RU", "+78005553535"), ("DE", "+4930901820"), ("DE", "+4915112345678"),
     ("US", "+12125550123"), ("IT", "+390612345678"), ("BR", "+5511961234567")]
)  # fmt: skip
punctuation = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "/", " - "])


def finds(text: str, record: object, region: str | None) -> bool:
    return answers(tokens_of(record), question(text, region))  # type: ignore[arg-type]


@st.composite
def spelled(draw: st.DrawFn) -> tuple[str, str, str]:
    """A region, a number as matched, and some way to write it there."""
    region, key = draw(numbers)
    known = dialling(region)
    assert known is not None
    home = key[1 + len(known.code) :]
    starts = [f"+{known.code} ", f"+{known.code}", f"({known.trunk}) ", f"{known.trunk}"]
    if known.abroad:
        starts.append(f"{known.abroad} {known.code} ")
    cuts = draw(st.lists(st.integers(1, len(home) - 1), max_size=3, unique=True))
    groups = [home[start:end] for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(home)], strict=True)]
    if draw(st.booleans()):
        groups[0] = f"({groups[0]})"
    raw = draw(st.sampled_from(starts)) + "".join(
        group if at == 0 else draw(punctuation) + group for at, group in enumerate(groups)
    )
    assume(phone_key(raw, region) == key)
    return region, key, raw


@settings(max_examples=400)
@given(spelled(), spelled())
def test_every_spelling_of_a_phone_finds_it(typed: tuple[str, str, str], asked: tuple[str, str, str]) -> None:
    """However it was written down, and however it is asked for; another number is not found."""
    region, key, value = typed
    point = a_contact_point(ADA, key, value=value)
    assert finds(value, point, region)
    assert finds(value, point, None) or value.startswith(("(", "8 10", "00", "011", "810"))
    assert (asked[1] == key) == finds(asked[2], point, asked[0])


@settings(max_examples=300)
@given(spelled(), st.data())
def test_both_ends_of_a_phone_find_it(typed: tuple[str, str, str], data: st.DataObject) -> None:
    """From four digits on, with the country, without it, or as dialled at home; what is within does not."""
    region, key, value = typed
    known = dialling(region)
    assert known is not None
    digits, home = key[1:], key[1 + len(known.code) :]
    point = a_contact_point(ADA, key, value=value)
    length = data.draw(st.integers(4, len(home)))
    for part in (digits[:length], "+" + digits[:length], home[:length], known.trunk + home[:length], digits[-length:]):
        assert finds(part, point, region), part
    within = digits[2:-1]
    if not any(within.startswith(start) for start in (digits[:4], home[:4], known.trunk + home[:3])):
        assert not finds(within, point, None)


def test_a_number_with_its_country_is_not_one_as_dialled_at_home() -> None:
    """Moscow is 8 495 at home; +84 95 is in Vietnam."""
    moscow = a_contact_point(ADA, "+74951234567", value="8 495 123-45-67")
    assert finds("8 (495)", moscow, "DE")
    assert not finds("+84 95", moscow, "RU")


@settings(max_examples=500)
@given(texts, regions)
@example("12-34 567", "RU")
@example("@a.b", None)
@example("a@1 2@", "DE")
@example("\u3099a", None)
def test_a_name_finds_whoever_bears_it(name: str, region: str | None) -> None:
    """Whatever looks like a number or an address in it; letter case and composition aside."""
    for record in (a_client(name), a_contact(ADA, name), a_contact_point(ADA, None, kind="email", value=name)):
        for text in (
            name,
            f" {name.swapcase()}",
            unicodedata.normalize("NFD", name),
            unicodedata.normalize("NFC", name),
        ):
            if folded(text) == folded(name):  # of some letters, upper case is another letter
                assert finds(text, record, region)


@settings(max_examples=300)
@given(texts, st.sampled_from(["name", "phone", "email", "messenger"]), st.data())
def test_a_token_is_found_by_its_beginnings(text: str, kind: str, data: st.DataObject) -> None:
    """What a record is found by is asked for in its own form, be it cut anywhere."""
    record = a_client(text) if kind == "name" else a_contact_point(ADA, None, kind=kind, value=text)
    for token in tokens_of(record):
        assert 0 < len(token) <= LONGEST
        if token[0] not in "<>" and "@" not in token:
            beginning = token[: data.draw(st.integers(1, len(token)))]
            assert finds(beginning, record, None)


@settings(max_examples=1000)
@given(texts)
@example("и\u0306\u200d\u3099")
@example("и\u0301\u0306")
def test_folding_a_second_time_changes_nothing(text: str) -> None:
    """So what is stored and what is asked meet; and every part of a folded text is folded."""
    form = folded(text)
    assert form == folded(form)
    assert [form[:end] for end in range(len(form))] == [folded(form[:end]) for end in range(len(form))]
    assert words_of(text) == words_of(form)


@given(st.text(string.printable, max_size=40))
def test_the_short_way_to_fold_is_the_long_one(text: str) -> None:
    """ASCII needs no tables."""
    assert _long_way(text) == folded(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ёлка", ["елка"]),
        ("й и\u0306 ЙОД", ["й", "й", "йод"]),
        ("Ў у\u0306", ["ў", "ў"]),
        ("Éclair Straße", ["eclair", "strasse"]),
        ("ガ カ ｶﾞ", ["ガ", "カ", "ガ"]),
        ("Пет\u00adров \u202dx\u202c", ["петров", "x"]),
        ("हिन्दी ๓", ["हिनदी", "3"]),
        ("a_b-c.d/e", ["a", "b", "c", "d", "e"]),
        ("🙂 \ufe0f — ", []),
    ],
)
def test_words_are_folded_runs_of_letters_and_digits(text: str, words: list[str]) -> None:
    """Accents go, letters of their own stay, what cannot be seen does not count."""
    assert words == words_of(text)


@pytest.mark.parametrize(
    ("text", "region", "wanted"),
    [
        ("петров 79", None, (("петров",), ("79", "<97", ">79"))),
        ("a an anna", None, (("anna",),)),
        ("Anna anna", None, (("anna",),)),
        ("@example.org", None, (("example",), ("org",))),
        ("+7 (912)", "DE", (("7912",),)),
        ("+49 (0) 30", "DE", (("49030", "4930"),)),
        ("8 10 49 30", "RU", (("4930", "7104930", "78104930", "8104930", "<039401", ">8104930"),)),
        (". - 🙂 '", "RU", ()),
        ("x" * 65, None, (("x" * 64,),)),
    ],
)  # fmt: skip
def test_a_question_has_an_entry_for_each_word(text: str, region: str | None, wanted: object) -> None:
    """Without those that others imply, and with what digits may be written as."""
    assert wanted == question(text, region)


def test_an_address_is_found_as_typed_and_as_matched() -> None:
    """A domain may be written in its own alphabet or in ASCII."""
    point = a_contact_point(ADA, "info@пример.рф", kind="email", value="Info@xn--e1afmkfd.xn--p1ai")
    for text in ("info@прим", "INFO@xn--e1", "пример рф", "@xn p1ai"):
        assert finds(text, point, None), text


def test_a_postal_address_finds_nobody() -> None:
    """Half a town lives in Main Street."""
    assert frozenset() == tokens_of(a_contact_point(ADA, "main st 1", kind="postal", value="Main St. 1"))


@settings(max_examples=400, deadline=None)
@given(value=st.text(alphabet="aбй ё+7(9)-.@xЖ'1", max_size=24) | st.from_regex(r"\+[0-9]{3,17}", fullmatch=True))
def test_the_short_way_finds_what_the_long_one_does(value: str) -> None:
    """Most names are nothing but words, most numbers and addresses are typed as they match."""
    assert set(search._of_text(value)) == set(search._of_mixed(folded(value)))
    for key in (value, value.lower()):
        assert set(search._of_email(value, key)) == set(search._of_both(value, key))
        assert set(search._of_phone(value, key)) == set(search._of_spelled(value, key))
    for key in ("+79123456789", "+" + "".join(sign for sign in value if sign in "179")):
        assert set(search._of_phone(value, key)) == set(search._of_spelled(value, key))
