"""The invented online shop: its people, their sessions, and what happened in each."""
