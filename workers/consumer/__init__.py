"""Everything of Celery: the app, its messages, and what keeps the loop awake; nothing else imports Celery."""
