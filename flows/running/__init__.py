"""How a flow runs: retries, what hangs, what it says, how it ends, and where it goes on."""
