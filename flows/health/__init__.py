"""What is wrong with a machine or a deployment, each fault with its cure."""
