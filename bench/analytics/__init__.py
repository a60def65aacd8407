"""How long the views of analytics_v1 take on millions of attempts."""
