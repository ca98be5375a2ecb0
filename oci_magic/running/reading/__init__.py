"""What a cell's code does, read off its text for the review: names, paths, writes, SQL."""
