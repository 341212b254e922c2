"""From a packed file to a trained generator. Reads pictures only from packed HDF5."""
