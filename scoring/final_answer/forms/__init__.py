"""The forms that an answer may have, and the reading of mathematics as one."""
