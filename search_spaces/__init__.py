"""Search spaces: each package gives a HyperOpt space, a Keras builder and an example experiment."""
