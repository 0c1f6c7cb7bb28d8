"""The mall: a real HTTP server on 127.0.0.1 that plays online clothing shops.

It draws its own catalogue from a seed, photos and words and mistakes included, or serves a file. Read
`item.py` (what a shop sells), then `catalogue.py`, `storefront.py` (what all shops do alike), and one file under
`dialects/`. `server.Mall` opens it in this process, `running.start` in another one.

It is also a test bench: with `MallSpec.faults` the shops misbehave (`faults/`), `advance` lets a day pass
(`changes.py`), and `truth` says what a perfect crawler would find (`truth.py`).
"""
