"""Everything of Celery: the app, its messages, what keeps the loop awake.

Nothing else imports Celery.
"""
