"""What processes of one installation share through Redis. Nothing depends on it being there."""
