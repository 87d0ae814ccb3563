"""What keeps an ill source, an eager sender or a full house from costing everybody."""
