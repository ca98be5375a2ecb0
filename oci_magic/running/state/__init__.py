"""What a cell can change, for the checkpoint: how it is reached, saved, compared and put back."""
