"""Compare results that belong together: pairs, intervals, tests, policies. Pure: numpy alone."""
