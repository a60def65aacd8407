"""What jobs ask: problems and prompts, each read once, since many jobs have the same."""

from __future__ import annotations

from sqlalchemy import Engine

from db.queue.claims import ClaimedJob, problem_document, prompt_document
from problems.prompt_styles import PromptTemplate, find_templates
from problems.schema import Problem

#: Parsed problems that are kept.
PROBLEMS_KEPT = 1000
PROMPTS_KEPT = 100


class Catalogue:
    """Read problems and prompts as they were submitted. Threads of a batch may share one."""

    def __init__(self, database: Engine) -> None:
        self._database = database
        self._problems: dict[int, Problem] = {}
        self._prompts: dict[int, PromptTemplate] = {}

    def problem(self, job: ClaimedJob) -> Problem | None:
        """Return the job's problem; a speed run has none, as its text means nothing."""
        if job.sampling.fixed_length or job.problem_id is None:
            return None
        if found := self._problems.get(job.problem_id):
            return found
        if len(self._problems) >= PROBLEMS_KEPT:
            self._problems.clear()
        problem = Problem.from_dict(problem_document(self._database, job.problem_id))
        self._problems[job.problem_id] = problem
        return problem

    def prompt(self, job: ClaimedJob) -> PromptTemplate:
        """Return the words of the job's prompt; those of evalctl's own for jobs without any.

        Raises `ProblemError` where a job without words has a style that evalctl does not know.
        """
        template_id = job.prompt_template_id
        if template_id is None:
            return find_templates([job.prompt])[0]
        if found := self._prompts.get(template_id):
            return found
        if len(self._prompts) >= PROMPTS_KEPT:
            self._prompts.clear()
        prompt = PromptTemplate.from_dict(prompt_document(self._database, template_id))
        self._prompts[template_id] = prompt
        return prompt
