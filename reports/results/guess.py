"""What is said of an answer that looks like a guess, in the terminal and on the page."""

from __future__ import annotations

GUESS = (
    "Suspected guess: a right answer with under half of the steps, even counting undetermined ones"
)
