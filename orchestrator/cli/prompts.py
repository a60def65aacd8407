"""``evalctl prompts``: the prompt styles."""

from __future__ import annotations

from pathlib import Path

import click
from click import option

from core.counts import counted
from orchestrator.cli.examples import examples
from orchestrator.console import console, harmless, json_option, print_json, say
from problems.loader import load_set
from problems.prompt_styles import (
    LANGUAGES,
    PromptStyle,
    find_style,
    find_templates,
    read_style,
    shipped_styles,
    style_of,
)
from reports.tables.layout import listing


@click.group()
@examples("evalctl prompts list")
def prompts() -> None:
    """List, show and check prompt styles."""


@prompts.command(name="list")
@json_option
@examples("evalctl prompts list")
def list_prompts(*, as_json: bool) -> int:
    """List the prompt styles that come with evalctl."""
    styles = shipped_styles().values()
    if as_json:
        print_json({"prompts": [_document(style) for style in styles]})
        return 0
    lines = [
        (style.name, f"{len(style.wordings)}", " ".join(style.languages),
         style.wordings[0].version[:8], style.about)
        for style in styles
    ]  # fmt: skip
    columns = ("style", "wordings", "languages", "version", "about")
    console().print(listing(columns, lines, figures=columns[1:4]))
    return 0


@prompts.command()
@click.argument("prompt", metavar="STYLE")
@option(
    "--problem", metavar="ID", help="Show what a model is sent for this problem of the core set."
)
@option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="en",
    show_default=True,
    help="Language of the prompt.",
)
@json_option
@examples(
    "evalctl prompts show stepwise",
    "evalctl prompts show stepwise/2 --problem sec-symmetric-01 --language zh",
)
def show(*, prompt: str, problem: str | None, language: str, as_json: bool) -> int:
    """Show the words of a style, a wording or a .toml file."""
    one_wording = style_of(prompt) != prompt
    templates = find_templates([prompt]) if one_wording else find_style(prompt).wordings
    if problem is not None:
        turns = templates[0].render(load_set("core").get(problem), language)
        if as_json:
            messages = [{"role": role, "content": content} for role, content in turns]
            print_json({"prompt": templates[0].name, "messages": messages})
            return 0
        for role, content in turns:
            click.echo(f"[{role}]\n{harmless(content)}\n")
        return 0
    if as_json:
        print_json({"wordings": [one.to_dict() | {"version": one.version} for one in templates]})
        return 0
    for one in templates:
        click.echo(f"{one.name}, version {one.version[:8]}")
        for role, words in (("system", one.system), ("user", one.user)):
            if language in words:
                click.echo(f"\n[{role}]\n{harmless(words[language])}")
        click.echo()
    return 0


@prompts.command()
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@json_option
@examples("evalctl prompts check my-style.toml")
def check(*, path: Path, as_json: bool) -> int:
    """Check an own prompt style before it is submitted."""
    style = read_style(path)
    if as_json:
        print_json(_document(style))
        return 0
    wordings = len(style.wordings)
    count = counted(wordings, "wording")
    say(f"{style.name}: {count}, languages {', '.join(style.languages) or 'none in all'}")
    say(f"submit it with `--prompt {path}`")
    return 0


def _document(style: PromptStyle) -> dict[str, object]:
    return {
        "name": style.name,
        "about": style.about,
        "languages": list(style.languages),
        "shipped": style.shipped,
        "wordings": [{"name": one.name, "version": one.version} for one in style.wordings],
    }
