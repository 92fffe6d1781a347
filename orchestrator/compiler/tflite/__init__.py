"""The .tflite format: check a file and read it into a graph."""
