"""The second reader: a model or a person who reads only the steps that the rules did not find."""
