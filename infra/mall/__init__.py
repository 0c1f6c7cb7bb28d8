"""The mall: a real HTTP server on 127.0.0.1 that plays online clothing shops.

It draws its own catalogue from a seed, photos and words and mistakes included, or serves a file. Read
`item.py` (what a shop sells), then `catalogue.py`, then one file under `dialects/`.
`server.Mall` opens it in this process, `running.start` in another one.
"""
