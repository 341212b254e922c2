"""From raw pictures to one packed file: draw or gather faces, crop them, pack them. Knows nothing of Keras."""
