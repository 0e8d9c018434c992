"""Seats of installations without a network: the request that one shows, the file that answers it."""
