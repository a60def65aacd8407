"""A commented problem file to fill in: it loads as it is, and the checks say what is missing."""

from __future__ import annotations

from problems.loader import parse_problem

_TEXT = """\
# A problem: fill in what says TODO, then run
#   evalctl problems validate {id}.yaml
# problems/README.md explains every key and the traps.
schema: refpath/1
id: {id}
level: {level}            # secondary, university or modelling
difficulty: 3             # 1 (one idea) to 5
topics: [TODO topic]
problem:
  zh: |
    TODO 题目，公式写在 $...$ 里。
  en: |
    TODO the statement, formulas between $...$.
# Where the symbols live: equations are compared at sampled points of these ranges.
vars:
  x: {{type: real, min: -3, max: 3}}     # real, int, complex, matrix or vector
# Other letters that an answer may use for the same thing.
aliases:
  x: ["t"]
# kind: value, expr, relation, set, interval, choice; proof and rubric have no any_of and are never
# marked right or wrong.
answer: {{kind: value, any_of: ["13"], tol: 1.0e-6, unit: null}}
why: TODO what a reader could dispute, and why it is so; or leave this line out
paths:                    # the best path counts; another method is another path
- id: main
  steps:                  # three to seven necessary ones
  - id: s1
    necessary: true
    weight: 1
    describe: {{zh: TODO 第一步, en: TODO the first step}}
    evidence:
      any_of:     # any one of these shows the step; all_of asks for all of them close together
      - {{eq: "x^2 = 9"}}                          # a relation in any equivalent writing
      - {{words: {{zh: [TODO 关键词], en: [TODO keyword]}}}}
  - id: s2
    describe: {{zh: TODO 第二步, en: TODO the second step}}
    evidence:
      any_of:
      # A number, where one of these words stands beside it.
      - {{value: "7", tol: 1.0e-6, near: [TODO word beside it]}}
      - {{regex: "TODO ?pattern"}}                 # a form; a repeat within a repeat is refused
    requires: [s1]        # builds on s1: a wrong result carried on is not counted as a second error
  - id: s3
    describe: {{zh: TODO 最后一步, en: TODO the last step}}
    evidence: {{eq: "x+10 = 13"}}
    exclude: [answer]     # the final answer itself does not show this step
    requires: [s2]
# Worked solutions, one block a step: each must score full marks, and lose exactly step k without
# its block.
solutions:
- id: zh
  lang: zh
  path: main
  blocks:
  - {{step: s1, text: "TODO 由题意 $x^2=9$。"}}
  - {{step: s2, text: "TODO"}}
  - {{step: s3, text: "TODO $x+10=13$"}}
  - {{step: null, text: "答案：13"}}
- id: en
  lang: en
  path: main
  blocks:
  - {{step: s1, text: "TODO"}}
  - {{step: s2, text: "TODO"}}
  - {{step: s3, text: "TODO"}}
  - {{step: null, text: "Answer: 13"}}
"""


def skeleton(problem_id: str, level: str) -> str:
    """Return the YAML text of a problem to fill in.

    Raises `ProblemError` for a malformed id or an unknown level.
    """
    written = _TEXT.format(id=problem_id, level=level)
    parse_problem(written, file=f"{problem_id}.yaml")
    return written
