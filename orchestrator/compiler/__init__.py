"""The ahead-of-time compiler: an int8 or 16x8 .tflite file becomes one C translation unit for our runtime."""

from orchestrator.compiler.compile import SUPPORTED_OPERATORS, compile_model

__all__ = ["SUPPORTED_OPERATORS", "compile_model"]
