"""The domain's words: frozen, checked at the edge, importing nothing of ours."""
