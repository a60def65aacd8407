"""One GPU: found, locked, watched and kept clean."""
