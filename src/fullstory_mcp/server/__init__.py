"""The doors: MCP over stdio and over streamable HTTP."""
