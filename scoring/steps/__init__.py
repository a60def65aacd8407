"""Which steps of a reference path an answer shows."""
