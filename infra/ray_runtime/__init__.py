"""Ray: started in the process or joined, its files, its orphans, how much of it a run takes, actors that may end."""
