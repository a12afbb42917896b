"""The demonstration: what an empty system is filled with, so that a newcomer sees every tool at work."""


def load_demo() -> None:
    """载入演示数据 · Fill an empty log with the demonstration; does nothing when the log has events."""


def sign_in_names() -> list[tuple[str, str]]:
    """Each name to sign in with, and who that is."""
    return []
