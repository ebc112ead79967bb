"""The name of a saved movie is safe everywhere, and whole for whoever reads UTF-8."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footage.api.attachment import disposition, file_name
from footage.timeline import Span
from footage.timeline.span import LAST_MS

SPAN = Span(1_790_000_000_000, 1_790_000_600_500)
TIMES = "_20260921T141320Z_20260921T142320Z.mp4"


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Entrance", f"Entrance{TIMES}"),
        ("Yard, north side", f"Yard,_north_side{TIMES}"),
        ("../../etc/passwd", f"etc_passwd{TIMES}"),
        ('a"b\\c|d<e>f?g*h:i%j;k', f"a_b_c_d_e_f_g_h_i_j_k{TIMES}"),
        ("line\r\nSet-Cookie: x", f"line_Set-Cookie_x{TIMES}"),
        ("\u202egnp.exe", f"gnp.exe{TIMES}"),
        (" . ", f"camera{TIMES}"),
        ("", f"camera{TIMES}"),
        ("Вход", f"Вход{TIMES}"),
    ],
)
def test_names(title: str, name: str) -> None:
    assert file_name(title, SPAN) == name


def test_the_header_carries_both_forms() -> None:
    assert disposition(f"Entrance{TIMES}") == f'attachment; filename="Entrance{TIMES}"'
    both = disposition(file_name("Вход 2", SPAN))
    plain, _, full = both.partition("; filename*=UTF-8''")
    assert plain == f'attachment; filename="camera_2{TIMES}"'
    assert unquote(full) == f"Вход_2{TIMES}"
    assert "Cafe" in disposition(file_name("Café", SPAN)).partition("filename*")[0]


@given(st.text(max_size=300), st.integers(0, LAST_MS - 1000))
def test_whatever_a_camera_is_called(title: str, start_ms: int) -> None:
    name = file_name(title, Span(start_ms, start_ms + 1000))
    assert len(name) < 130
    assert not set(name) & set('/\\:*?"<>|\r\n\0')
    header = disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    _, _, full = header.partition("UTF-8''")
    assert not full or unquote(full) == name
