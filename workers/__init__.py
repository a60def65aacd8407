"""Celery workers: pinning, claim-execute-commit, engines, memory sampling."""
