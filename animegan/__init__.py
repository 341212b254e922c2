"""Teach GANs by making anime faces: crop, pack, train, transfer, explore.

Three rooms in the order the data flow: `animegan.faces` (pictures to one packed file),
`animegan.gan` (packed file to a trained generator), `animegan.latent` (what the generator learned).
"""

__version__ = "0.1.0"
