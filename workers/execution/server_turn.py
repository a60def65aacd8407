"""The way of a request to its model's server: wait for its turn, and say how it went."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import Engine

from db.engine import DATABASE_ERRORS
from db.queue.claims import ClaimedJob
from db.queue.servers import answered, has_server, let_through
from workers.engines.protocol import Generation, GenerationRequest
from workers.errors import MODEL_HELD, GenerationCancelled, ServerUnavailable
from workers.lifecycle.event_log import log_event
from workers.lifecycle.lease import Lease

#: How long a request waits at most before it checks again whether it may be sent.
POLL_EVERY_S = 0.5
#: Characters of a token, at least: a prompt is counted before it is sent.
CHARACTERS_PER_TOKEN = 3


class ServerTurn:
    """Let requests through to the servers of models, as all workers together may send them."""

    def __init__(self, database: Engine, *, halted: Callable[[], bool]) -> None:
        self._database = database
        self._halted = halted

    def enter(self, job: ClaimedJob, lease: Lease) -> None:
        """Wait until the job's model may be loaded; raise as ``take`` does."""
        self._pass(job, lease, sends=False, tokens=0)

    def take(self, job: ClaimedJob, lease: Lease, request: GenerationRequest) -> None:
        """Wait until the request may be sent; a model without a server lets it through at once.

        Raise ServerUnavailable where the model is held, GenerationCancelled where the attempt is to
        be given up.
        """
        self._pass(job, lease, sends=True, tokens=_tokens(request))

    def answered(
        self, job: ClaimedJob, request: GenerationRequest, made: Generation | None
    ) -> None:
        """Note that the server has answered, with a generation or a refusal of the request."""
        if not has_server(job.spec):
            return
        used = made.prompt_tokens + made.output_tokens if made else 0
        try:
            if answered(self._database, job, unused_tokens=_tokens(request) - used):
                log_event("model.released", **job.log_context())
        except DATABASE_ERRORS as error:
            log_event("job.write_delayed", error=str(error), **job.log_context())

    def _pass(self, job: ClaimedJob, lease: Lease, *, sends: bool, tokens: int) -> None:
        if not has_server(job.spec):
            return
        while True:
            passage = let_through(self._database, job, sends=sends, tokens=tokens)
            if passage.word == "free":
                return
            if passage.word == "held":
                raise ServerUnavailable(
                    f"model {job.spec.name!r} is held: {passage.reason}",
                    error_class=MODEL_HELD,
                    holds=False,
                )
            lease.wait()
            paced = passage.word == "paced" and passage.wait_s < POLL_EVERY_S
            lease.ended.wait(max(0.001, passage.wait_s) if paced else POLL_EVERY_S)
            if lease.ended.is_set() or self._halted():
                raise GenerationCancelled("the attempt was given up before its request was sent")


def _tokens(request: GenerationRequest) -> int:
    """Return how many tokens a request may take at most, its prompt estimated."""
    characters = sum(len(message.content) for message in request.messages)
    return characters // CHARACTERS_PER_TOKEN + request.sampling.output_limit
