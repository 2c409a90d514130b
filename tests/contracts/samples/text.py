"""Texts that differ in length and kind, and what is no text."""

GOOD: list[object] = [
    "a puppy plays in the garden",
    "x",
    "Grüße aus München, 東京 и Москва 🙂",
    "<p>Blue <b>shoes</b>, size&nbsp;42</p>",
    "one of many long sentences " * 80,
]
BAD: list[object] = ["", " \n\t ", "<br/>", None, b"bytes", 7, "\ud800"]
