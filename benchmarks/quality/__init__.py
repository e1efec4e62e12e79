"""How good a search is: recorded tasks, simulated workers, regret, and the statistics that compare methods."""
