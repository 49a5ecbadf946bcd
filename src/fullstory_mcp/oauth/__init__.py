"""The front door: who may connect, with which client, and what they granted to it."""
