"""Rows to rows: words, splits, methods, training, embedding, scoring, the report.

No network, no environment variables, no clock: plain arguments in, tables out, so that everything
here runs the same on any Ray node.
"""
