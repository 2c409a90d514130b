"""What fields are given that nobody sends in earnest: wrong values, and odd ones that are right."""

from streams.fuzz.writing import Raw

BAD_IDS: tuple[object, ...] = (
    "", "   ", "\u3000\t", "x" * 257, "x" * 10_000, 5, True, [], {}, Raw(b'"\\ud800"'), Raw(b'"a\xffb"'), Raw(b"NaN"),
    Raw(b'"a\x00b"'), Raw(b'"\\x41"'), Raw(b"'a'"), Raw(b"a"),
)  # fmt: skip
ODD_IDS = (
    "\u202etxet", "\u200b", "a\u0000b", "עברית", "😀" * 64, "x" * 256, "../../etc/passwd", "%s%n", "'; --", "<b>",
    "null", "\ufeffid", "a\r\nb", "e\u0301",
)  # fmt: skip
NOT_NUMBERS = (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"0x1f", b"01", b"1.", b"--1", b"+1")
HUGE: tuple[object, ...] = (
    10**30,
    -(10**30),
    2**63,
    2**64,
    -(2**63) - 1,
    1e308,
    -1e308,
    5e-324,
    -0.0,
    Raw(b"1" + b"0" * 400),
)
BAD_TIMES: tuple[object, ...] = (
    -1,
    -62_167_219_200_000,
    253_402_300_800_000,
    2**63,
    1.5,
    "now",
    [],
    Raw(b"1e400"),
)
ODD_TIMES = (0, 1, 4_070_908_800_000, 253_402_300_799_999)
ANYTHING: tuple[object, ...] = (
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    None,
    [],
    {},
    [[]],
    {"a": {"b": 1}},
    ["x"] * 70,
    "x" * 5_000,
)
DEEP = 10_000
PNG_HEAD = b"\x89PNG\r\n\x1a\n"
