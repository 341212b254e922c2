"""A GAN on points in the plane, for notebook 0: the game of the two networks, small enough to watch."""
