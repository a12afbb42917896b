"""Spreadsheets as clerks keep them: read, recognise, mend, give back."""
