"""What a hosted server remembers, for all its replicas: SQLAlchemy Core over SQLite or PostgreSQL."""

from sqlalchemy import Connection as Tx

from fullstory_mcp.storage.database import Database

__all__ = ["Database", "Tx"]
