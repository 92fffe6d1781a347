"""Keras models: build, train, convert to int8. tensorflow is imported only here, and only by calling."""
