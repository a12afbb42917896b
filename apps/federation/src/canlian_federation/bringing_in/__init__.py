"""Bringing a roster in: the sheet is kept for a day; its check and its import can be stopped and resumed."""
