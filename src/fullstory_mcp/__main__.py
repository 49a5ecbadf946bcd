"""`python -m fullstory_mcp` is the command."""

from fullstory_mcp.cli.main import main

if __name__ == "__main__":
    main()
