"""Which plugins run is read from a file or a mapping, or refused with the place of every mistake."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from crmkit.errors import Invalid
from crmkit.plugins.settings import PluginsConfig, config_of, load

GOOD = """\
[shop]
name = "Anna's"

[plugins]
enabled = ["telephony_sip", "slack"]
ignore_compatibility = ["slack"]

[plugins.slack]
channel = "#sales"
required = true

[plugins.analytics]
"""


def _written(folder: Path, text: str | bytes) -> Path:
    path = folder / "shop.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _faults(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as caught:
        load(path)
    assert (None, None) == (caught.value.__cause__, caught.value.__context__)
    assert "tomllib" not in "".join(traceback.format_exception(caught.value))
    return [
        (one.path.replace(str(path), "FILE"), one.code, one.message.replace(str(path), "FILE"))
        for one in caught.value.faults
    ]


@pytest.mark.parametrize("text", [GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD])
def test_a_file_says_what_runs_in_which_order(tmp_path: Path, text: str) -> None:
    """The list is the order; a plugin that is told something and not listed stays off. Windows may have written it."""
    path = _written(tmp_path, text)
    config = load(path)
    assert ("telephony_sip", "slack") == config.enabled
    assert (frozenset({"slack"}), frozenset({"slack"})) == (config.required, config.ignore_compatibility)
    assert ({"channel": "#sales"}, {}, {}) == tuple(dict(config.of(one)) for one in ("slack", "telephony_sip", "other"))
    assert (f"{path}, line 8", str(path)) == (config.source_of("slack"), config.source_of("telephony_sip"))


@pytest.mark.parametrize("text", ["", "[shop]\nname = 'x'\n", "[plugins.slack]\nchannel = 'x'\n"])
def test_nothing_runs_unless_it_is_listed(tmp_path: Path, text: str) -> None:
    """Installed is not active, and neither is configured."""
    assert () == load(_written(tmp_path, text)).enabled


def test_a_mapping_of_names_is_its_own_order() -> None:
    """A host that builds its settings in code writes each name once."""
    config = config_of({"b": {"required": True, "x": 1}, "a": {}})
    assert (("b", "a"), ["b"], {"x": 1}) == (config.enabled, sorted(config.required), dict(config.of("b")))
    assert ("a",) == config_of({"enabled": ["a"], "b": {}}).enabled


def test_a_config_does_not_show_what_plugins_are_told() -> None:
    """It may be logged at start."""
    assert "hunter2" not in repr(config_of({"slack": {"token": "hunter2"}}))


def test_what_stands_inside_a_long_text_is_no_line_of_the_file(tmp_path: Path) -> None:
    """A template in a setting may look like TOML itself."""
    text = '[plugins.mail]\nbody = """\n[plugins.slack]\n"""\n\n[plugins.slack]\n'
    path = _written(tmp_path, text)
    assert f"{path}, line 6" == load(path).source_of("slack")


NOT_TOML = "Check quotes, brackets and names given twice."
NAMES = 'Give a list of plugins\' names, such as ["slack"].'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[plugins]\nenabled = [", ("FILE", "not_toml", f"Line 2, where the file ends, is no TOML. {NOT_TOML}")),
        ("[plugins]\nenabled = hunter2", ("FILE", "not_toml", f"Line 2, column 11 is no TOML. {NOT_TOML}")),
        ("[a]\nb = 1\nb = 2", ("FILE", "not_toml", f"Line 3, where the file ends, is no TOML. {NOT_TOML}")),
        (f"a = {'[' * 9_000}", ("FILE", "not_toml", f"A value is no TOML. {NOT_TOML}")),
        (f"a = {'1' * 9_000}", ("FILE", "not_toml", f"A value is no TOML. {NOT_TOML}")),
        (b"a = 1\nb = '\xff'", ("FILE", "not_toml", "Line 2 is no UTF-8. Write the file as UTF-8.")),
        ("plugins = 'slack'", ("plugins.enabled", "not_names", f"{NAMES} See FILE, line 1.")),
        ("\n[plugins]\nenabled = 'slack'", ("plugins.enabled", "not_names", f"{NAMES} See FILE, line 3.")),
        ("[plugins]\nenabled = ['a', 5]", ("plugins.enabled", "not_names", f"{NAMES} See FILE, line 2.")),
        ("[plugins]\nenabled = ['a', 'a']", ("plugins.enabled", "double", "Give each only once. See FILE, line 2.")),
        (
            "[plugins]\nignore_compatibility = true",
            ("plugins.ignore_compatibility", "not_names", f"{NAMES} See FILE, line 2."),
        ),
        (
            "[plugins]\nslack = true",
            ("plugins.slack", "not_a_table", "Give a table, [plugins.slack]. See FILE, line 2."),
        ),
        (
            "[[plugins.slack]]\na = 1",
            ("plugins.slack", "not_a_table", "Give a table, [plugins.slack]. See FILE, line 1."),
        ),
        (
            "[plugins.slack]\n\nrequired = 'yes'",
            ("plugins.slack.required", "not_a_flag", "Give true or false, without quotes. See FILE, line 3."),
        ),
        (
            "[plugins.'tele phony']",
            ("plugins[1]", "not_a_name", "Give a plugin's name in small letters, such as telephony_sip. See FILE."),
        ),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(
    tmp_path: Path, text: str | bytes, fault: tuple[str, str, str]
) -> None:
    """And never quoted: what tomllib says may hold a piece of the file."""
    assert [fault] == _faults(_written(tmp_path, text))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A typing error in its name is the likeliest mistake of all."""
    path = tmp_path / "no.toml"
    message = "This file cannot be read (No such file or directory). Check its name and its permissions."
    assert [("FILE", "no_file", message)] == _faults(path)
    assert ["no_file"] == [code for _, code, _ in _faults(tmp_path)]
    assert ["no_file"] == [code for _, code, _ in _faults(Path("a\x00b"))]


VALUES = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.sampled_from(["a", "b", 5]))
TABLES = st.dictionaries(st.sampled_from(["required", "x"]), VALUES, max_size=2)
KEYS: Any = st.sampled_from(["enabled", "ignore_compatibility", "a", "b", "B c", "", 5])


@given(st.dictionaries(KEYS, VALUES | TABLES, max_size=4) | VALUES)
def test_any_mapping_is_a_config_or_invalid(given: Any) -> None:
    """A host catches one kind of error."""
    try:
        config = config_of(given)
    except Invalid:
        return
    assert isinstance(config, PluginsConfig)
    assert all(isinstance(name, str) for name in config.enabled)
