"""Sweeps in MLflow. mlflow is imported only here, and only by calling."""
