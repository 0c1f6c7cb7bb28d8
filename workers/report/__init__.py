"""The report: what a lake holds, as one self-contained HTML page."""
