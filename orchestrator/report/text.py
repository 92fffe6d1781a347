"""Text that has to fit a line."""


def shortened(text: str, limit: int) -> str:
    """Give `text`, cut to `limit` characters with an ellipsis where it is longer."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
