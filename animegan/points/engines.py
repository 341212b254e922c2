"""What each engine calls by another name: the slopes of a loss, and many rounds of a game as one fast call.

Keras hides the engine in everything but these two, since its `fit` trains one network, not two in turns.
"""

from animegan.gan.engine import keras, ops

ENGINE = keras.backend.backend()


def slopes(loss, weights, variables):
    """How steeply a loss rises with each of some weights.

    Args:
        loss: function without arguments that computes a float scalar from the weights.
        weights: list of keras.Variable.
        variables: list of keras.Variable, all that the loss uses, the weights among them.

    Returns:
        (the loss, list of gradients: a tensor of the same shape for each weight).
    """
    if ENGINE == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            value = loss()
        return value, tape.gradient(value, [weight.value for weight in weights])
    if ENGINE == "jax":
        import jax

        held = [(variable, variable.value) for variable in variables]

        def loss_of(values):
            with keras.StatelessScope(state_mapping=[*held, *zip(weights, values, strict=True)]):
                return loss()

        return jax.value_and_grad(loss_of)([weight.value for weight in weights])
    import torch

    value = loss()
    return value.detach(), list(torch.autograd.grad(value, [weight.value for weight in weights]))


def compiled(play_round, variables):
    """Make many rounds one call of the engine: called one by one, rounds this small are mostly waiting.

    Args:
        play_round: function of tensors that changes variables and returns a float tensor (2,), both losses.
        variables: list of keras.Variable, all that it reads or changes.

    Returns:
        function of (count, arrays with a row for each of at least that many rounds): plays the first `count`, and
        returns the last losses as a NumPy array.
    """
    loop = {"tensorflow": _tensorflow_loop, "jax": _jax_loop, "torch": _plain_loop}[ENGINE]
    run = loop(play_round, variables)
    return lambda count, *arrays: ops.convert_to_numpy(run(count, *map(ops.convert_to_tensor, arrays)))


def _tensorflow_loop(play_round, _):
    import tensorflow as tf

    @tf.function
    def run(count, *rows):
        _, losses = tf.while_loop(
            lambda index, _: index < count,
            lambda index, _: (index + 1, play_round(*(row[index] for row in rows))),
            (0, tf.zeros(2)),
        )
        return losses

    return lambda count, *rows: run(tf.constant(count), *rows)


def _jax_loop(play_round, variables):
    """JAX compiles only functions that change nothing: the variables go in and come out as values."""
    import jax

    @jax.jit
    def pure(count, values, *rows):
        def once(index, state):
            with keras.StatelessScope(state_mapping=list(zip(variables, state[0], strict=True))) as scope:
                losses = play_round(*(row[index] for row in rows))
            return [scope.get_current_value(variable) for variable in variables], losses

        return jax.lax.fori_loop(0, count, once, (values, jax.numpy.zeros(2)))

    def run(count, *rows):
        values, losses = pure(count, [variable.value for variable in variables], *rows)
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        return losses

    return run


def _plain_loop(play_round, _):
    def run(count, *rows):
        return [play_round(*(row[index] for row in rows)) for index in range(count)][-1]

    return run
