"""Which keys are trusted: pinned ones, those of a signed key set, and nothing that was only fetched."""
