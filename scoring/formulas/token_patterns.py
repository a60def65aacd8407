"""How the tokens of a normalised text are written."""

from __future__ import annotations

import re

TOKEN = re.compile(
    r"(?P<num>(?:(?<![({\[,\d.])|(?<=boxed\{))\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|"
    r"\d{1,3}(?:\{,\}\d{3})+|\d+\.\d+[eE][+-]?\d{1,3}(?!\w|\.\d)|\d+(?:\.\d+)?|(?<![\w.])\.\d+)"
    r"|(?P<cmd>\\[A-Za-z]+\*?)|(?P<esc>\\[^A-Za-z])|(?P<greek>[\u0370-\u03ffℓ∂∇])"
    r"|(?P<cjk>[\u3400-\u9fff\uf900-\ufaff\u2460-\u24ff\u2776-\u2793]+)"
    r"|(?P<arrow>=>|->|<=>|<->|[→⇒⇔↦∴∵⟶∀∃])|(?P<rel><=|>=|!=|==|:=|~=|=<|&=|[=<>≤≥≠≈∈≡∝∉≪≫])"
    r"|(?P<nl>\n)|(?P<delim>\$\$?)|(?P<dots>\.\.\.+)|(?P<prime>'+)"
    r"|(?P<op>[-+*×/^_!±∓%°‰∪∩|‖√∛∑∏∫∮∞&])|(?P<open>[(\[{⌊⌈⟨])|(?P<close>[)\]}⌋⌉⟩])|(?P<comma>[,、])|(?P<other>.)",
    re.DOTALL,
)
MATH = re.compile(
    r"\$\$[^$]{1,2000}\$\$|\$[^$\n]{1,800}\$|\\\((?:[^\\]|\\[^)]){1,800}?\\\)|\\\[(?:[^\\]|\\[^\]]){1,2000}?\\\]"
    r"|\\begin\{(?:equation|align|aligned|gather|split|cases)\*?\}"
)
LETTERS = re.compile(r"[A-Za-z]+")
GLUED_PI = re.compile(r"d[a-z]|[a-zA-Z]?pi[a-zA-Z]?")
BEFORE_LETTER = re.compile(r" ?[a-zθαxφ0-9]\b")
BRACED = re.compile(r"\s*\{([^{}]{0,80})\}")
SQUARE = re.compile(r"\^\{?([23])\}?")
#: An index in braces, what only sets it upright, and the words among indices.
INDEX = re.compile(r"\s*\{((?:[^{}]|\{[^{}]{0,40}\}){1,60})\}")
UPRIGHT = re.compile(r"\\(?:text|mathrm|rm|mathbf|textrm|operatorname)\s*|[{}]")
CHINESE = re.compile(r"[\u3400-\u9fff]")
LABEL = re.compile(r"[A-Za-z]{2,}(?:-[A-Za-z]+)*\d?|[A-Z]+(?:_?\d)?[A-Z]*|\\triangle.*|△.*")
PLAIN_LABEL = re.compile(r"[A-Za-z]{2,}|[\u3400-\u9fff]{1,4}")
CAPITALS = re.compile(r"[A-Z]{2,4}(?![a-z])")
