"""One GPU or a group: found, locked, watched and kept clean."""
