"""Adam for two players, one of whom may slow down."""

from animegan.gan.engine import keras, ops


class PlayersAdam(keras.optimizers.Adam):
    """Adam whose learning rate may fall for one player alone.

    With two rates a discriminator can follow what the generator changes (Heusel et al. 2017, arXiv:1706.08500).
    """

    slowed, shares = frozenset(), None

    def slow(self, weights, shares):
        """Give weights a learning rate of their own. The optimizer must have been built.

        Args:
            weights: keras.Variables that it moves.
            shares: keras.optimizers.schedules.LearningRateSchedule, from steps done to a share of the learning rate.
        """
        self.slowed, self.shares = frozenset(map(self._get_variable_index, weights)), shares

    def rate_of(self, variable, learning_rate):
        """The learning rate of a weight, float scalar.

        Args:
            variable: as `update_step` gets it.
            learning_rate: float scalar, the common one.
        """
        if self._get_variable_index(variable) not in self.slowed:
            return learning_rate
        return learning_rate * ops.cast(self.shares(self.iterations), "float32")

    def update_step(self, gradient, variable, learning_rate):
        """Move a weight.

        Args:
            gradient: tensor.
            variable: of the same shape.
            learning_rate: float scalar.
        """
        super().update_step(gradient, variable, self.rate_of(variable, learning_rate))
