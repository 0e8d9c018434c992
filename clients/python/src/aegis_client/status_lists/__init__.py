"""Token Status Lists: which tokens were revoked or suspended, as of when the list was signed."""
