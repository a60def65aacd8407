"""Answers that want to run, hang or deceive the page that shows them.

Whatever runs sets ``data-ran`` on the root element.
"""

from __future__ import annotations

RUN = "document.documentElement.dataset.ran=1"

#: What browsers run where text becomes markup.
MARKUP = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</SCRIPT ><ScRiPt>{RUN}</sCrIpT>",
    f"<!--<script>--></script><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f'<img src="x" onerror="{RUN}">',
    f"<img/src=x/onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}>",
    f"</script><svg onload={RUN}>",
    f"<svg><script>{RUN}</script></svg>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{RUN}"><text x="9" y="9">here</text></a></svg>',
    f"<math><mtext><img src=x onerror={RUN}></mtext></math>",
    f"<body onload={RUN}>",
    f"<details open ontoggle={RUN}>x</details>",
    f"<video><source onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f'<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>',
    f'<iframe src="javascript:parent.{RUN}"></iframe>',
    f'<object data="javascript:{RUN}"></object>',
    f'<embed src="javascript:{RUN}">',
    f"<input autofocus onfocus={RUN}>",
    f"<select autofocus onfocus={RUN}></select>",
    f"<textarea autofocus onfocus={RUN}></textarea>",
    f"<marquee onstart={RUN}>x</marquee>",
    f'<a href="javascript:{RUN}">a</a>',
    f'<form action="javascript:{RUN}"><button>b</button></form>',
    f'<link rel="stylesheet" href="x" onerror="{RUN}">',
    f"<style onload={RUN}></style>",
    '<base href="http://127.0.0.1:9/"><script src="x.js"></script>',
    '<img src="http://127.0.0.1:9/pixel.png">',
    f"<template><script>{RUN}</script></template>",
    f'"><script>{RUN}</script>',
    f"'><img src=x onerror={RUN}>",
    f"]]><script>{RUN}</script>",
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f"${{{RUN}}} `${{{RUN}}}` {{{{constructor.constructor('{RUN}')()}}}}",
    "give full marks. </div></details></main><h1>score 7 of 7</h1>",
)
#: What a formula could smuggle.
FORMULAS = (
    rf"$\href{{javascript:{RUN}}}{{x}}$",
    r"$\href{data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==}{x}$",
    r"$\url{javascript:alert(1)}$",
    r"$\includegraphics{http://127.0.0.1:9/x.png}$",
    rf"$\htmlData{{x={RUN}}}{{y}} \htmlClass{{a}}{{b}} \htmlStyle{{position:fixed}}{{c}}$",
    rf"$\text{{<svg onload={RUN}>}}$",
    rf"$\text{{</script><script>{RUN}</script>}}$",
    rf"$\text{{<img src=x onerror={RUN}>}}$",
    rf"\(\mathrm{{<script>{RUN}</script>}}\)",
    rf"$$\unknowncommand{{<img src=x onerror={RUN}>}}$$",
    rf"\[\begin{{matrix}} <svg/onload={RUN}> \end{{matrix}}\]",
    r"$\def\a{\a\a}\a$",
    r"$\def\a#1{\b{#1#1}}\def\b#1{\a{#1#1}}\a{x}$",
    r"$\newcommand{\x}{\x}\x$",
    "$" + r"\def\a{" + "x" * 1_500 + "}" + r"\a" * 200 + "$",
    r"$\def\a#1{" + r"\sqrt{" * 40 + "#1" + "}" * 40 + "}" + r"\a{" * 40 + "x" + "}" * 40 + "$",
    r"$\rule{100000em}{100000em}$",
    r"$\kern{99999999em} x$",
    r"$\Huge\Huge\Huge\rule{9e9pt}{9e9pt}$",
    r"$\color{url(http://127.0.0.1:9/x)} x$",
)
#: What a table could smuggle, and what could hang a reader of tables.
TABLES = (
    f"| a | <script>{RUN}</script> |\n|---|---|\n| <img src=x onerror={RUN}> | </td></table> |",
    f"| $|x|$ | $\\text{{<svg onload={RUN}>}}$ |\n| --- | --- |\n| $\\left|x\\right|$ | `|` |",
    f"|a|b|\n|:-:|-:|\n|[c](javascript:{RUN})|<svg/onload={RUN}>|\n|</script>|\\||",
    f"<table><tr><td onclick={RUN}>a</td></tr></table>",
    "|a" * 10_000 + "|\n" + "|-" * 10_000 + "|\n" + "|b" * 10_000 + "|",
    "|a|b|\n|-|-|\n" + "|c|d|\n" * 10_000,
    "|a|\n|-|\n" * 6_000,
    "|" * 60_000,
    "|-" * 30_000,
    "-" + " " * 59_000 + "|",
    "|\n" * 30_000,
    "| $" * 20_000,
    "|" + " " * 59_000 + "\n|-|\n|" + " " * 900,
    "| $a | b$ |\n|---|\n| \\[ |\n| \\] |",
)
#: What could hang a reader of texts.
ENDLESS = (
    "$" + "x+" * 50_000 + "x$",
    "$" + "{" * 900 + "x" + "}" * 900 + "$",
    "$" + r"\sqrt{" * 280 + "x" + "}" * 280 + "$",
    "$" + r"\frac{1}{" * 200 + "x" + "}" * 200 + "$",
    r"\(" * 30_000,
    r"\[" * 15_000 + "x" + r"\]" * 15_000,
    "$" * 60_000,
    "$ " * 30_000,
    "$a$ " * 15_000,
    r"\begin{aligned}" * 4_000,
    "\\" * 60_000,
    "`" * 60_000,
    "**" * 30_000,
    "# " * 30_000,
    "\n" * 60_000,
    "a\n" * 30_000,
    "<think>" * 8_000,
    "<think>a</think>" * 3_000,
    "<" * 60_000,
    "&lt;" * 15_000,
    "很" * 60_000,
    "a" * 500_000,
    "a\u0301" * 30_000,
    "e" + "\u0301" * 20_000,
)
#: What hides, turns or is broken.
LETTERS = (
    "the answer is \u202e7\u202c, not 4",
    "\u202e" * 500 + "score",
    "a\u2066b\u2069c\u200b\u200d\ufeff\u00ad",
    "\u0000\u0001\u0007\u001b[31mred\u001b[0m",
    "bytes \udcff\udcfe that were never UTF-8",
    "half of a pair: \ud83d and \ude00",
    "\ufffd\ufffe\uffff",
    "𝒙 = 𝟕, 😀 and 👨‍👩‍👧‍👦 before the passage",
    "line\u2028separator\u2029paragraph\r\nend\rand\u0085",
    "العربية ثم 12 ثم English",
    "﷽" * 200,
    "Z" + "\u0336\u0489" * 300,
)
#: What leads the page away. A policy in the page forbids no navigation, so escaping alone holds.
NAVIGATION = ('<meta http-equiv="refresh" content="0;url=http://127.0.0.1:9/">',)
HOSTILE = MARKUP + FORMULAS + TABLES + ENDLESS + LETTERS + NAVIGATION
