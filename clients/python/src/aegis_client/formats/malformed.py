class Malformed(ValueError):
    """A text is not what it should be. Says why, in words, and repeats nothing of the text."""
