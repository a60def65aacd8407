"""The final answer: where it stands, and whether it is right.

From the verdict down to the text; a room imports from those below it.

- `judge`: the verdict on one answer. `thinking` sets the reasoning of a model apart first.
- `reading`: what a stated answer says: its clauses, the values in it and their weight, words.
- `choices`: answers that are letters of a list.
- `demands`: the form that a question demands: exact, simplified, factored, rounded.
- `results`: what a sentence names as its result, where it is attained, which way round, and which
  results stand before the end of a text.
- `references`: how what is stated is compared with one reference.
- `equivalence`: whether two forms are the same: values, several, intervals, equations; math-verify.
- `extraction`: where the answer stands: boxes, announcements, else the sentence that concludes.
- `question`: what the problem gives and asks for.
- `forms`: one value, several, intervals, equations, words, and how mathematics is read as one.
- `spelling`: one spelling for what is written in different ways.
- `numerals`: numbers in words, with scales, mixed, repeating, as digits.
- `notations`: dates, times, remainders, currencies, vectors and other ways of writing.
"""
