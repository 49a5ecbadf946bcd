"""How the tables came to be what they are, step by step; Alembic reads the folder.

A step runs in one transaction with foreign keys in force. On SQLite a table that others belong to must
therefore not be rebuilt (Alembic's batch mode): dropping the old one would take their rows with it.
"""
