"""Adam for two players, one of whom may be the slower."""

from animegan.gan.engine import keras


class PlayersAdam(keras.optimizers.Adam):
    """Adam whose learning rate may be lower for one player.

    With two rates a discriminator can follow what the generator changes (Heusel et al. 2017, arXiv:1706.08500).
    """

    slowed, share = frozenset(), 1.0

    def slow(self, weights, share):
        """Give weights a learning rate of their own. The optimizer must have been built.

        Args:
            weights: keras.Variables that it moves.
            share: of the common one, a float above 0.
        """
        self.slowed, self.share = frozenset(map(self._get_variable_index, weights)), share

    def rate_of(self, variable, learning_rate):
        """The learning rate of a weight, float scalar.

        Args:
            variable: as `update_step` gets it.
            learning_rate: float scalar, the common one.
        """
        return learning_rate * self.share if self._get_variable_index(variable) in self.slowed else learning_rate

    def update_step(self, gradient, variable, learning_rate):
        """Move a weight.

        Args:
            gradient: tensor.
            variable: of the same shape.
            learning_rate: float scalar.
        """
        super().update_step(gradient, variable, self.rate_of(variable, learning_rate))
