"""The answer as text: normalised, cut into sentences, and rendered for the searches."""
