"""How good is a model in this loop: problems, attempts at them, their judging, scores."""
