"""What a run will take and may take: estimates before it is submitted, budgets while it runs."""
