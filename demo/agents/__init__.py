"""What agents can ask the running app (MCP), in `python app.py --mcp`."""
