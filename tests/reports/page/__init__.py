"""Tests of the report page, in a browser and without."""
