"""``evalctl recommend``: choose a model and prompt of a run by what matters to the user."""

from __future__ import annotations

import click

from comparison.choice import CRITERIA, PRIORITIES
from db.runs.run import find_run
from orchestrator.cli.examples import examples
from orchestrator.comparison.recommend import read_prices, read_weights
from orchestrator.comparison.recommend import recommend as recommended
from orchestrator.connections import connect
from orchestrator.console import console, json_option, print_json
from reports.tables.recommendation import recommendation_parts


@click.command()
@click.argument("run", default="latest")
@click.option(
    "--priority",
    "priorities",
    multiple=True,
    type=click.Choice(tuple(PRIORITIES)),
    help="Answer only for this priority; may be repeated.",
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="CRITERION=NUMBER",
    help=f"Weights of your own priority: {', '.join(CRITERIA)}.",
)
@click.option(
    "--price-per-gpu-hour",
    "prices",
    multiple=True,
    metavar="[MODEL=]NUMBER",
    help="Price in place of the registered one.",
)
@click.option("--force", is_flag=True, help="Use times and memory even where conditions differ.")
@click.option("--synthetic", is_flag=True, help="Include synthetic models.")
@json_option
@examples(
    "evalctl recommend latest",
    "evalctl recommend latest --priority rigorous --json",
    "evalctl recommend latest --weight score7=0.5 --weight cost=0.5 --price-per-gpu-hour 2.10",
)
def recommend(
    *,
    run: str,
    priorities: tuple[str, ...],
    weights: tuple[str, ...],
    prices: tuple[str, ...],
    force: bool,
    synthetic: bool,
    as_json: bool,
) -> int:
    """Recommend a model and prompt of a run.

    By priority: steady and cheap, rigorous, fastest, most on one GPU; or by weights of your own.
    Says what would change the answer, and where this run shows no difference.
    """
    own = read_weights(weights)
    wanted = (
        {"yours": own} if own else {name: PRIORITIES[name] for name in priorities or PRIORITIES}
    )
    with connect(name="recommend", synthetic=synthetic) as connections:
        found = find_run(connections.engine, run)
        made = recommended(
            connections.engine,
            found,
            priorities=wanted,
            price_per_gpu_hour=read_prices(prices),
            force=force,
        )
    document = made.to_dict()
    if as_json:
        print_json(document)
    else:
        for part in recommendation_parts(document):
            console().print(part)
    return 0
