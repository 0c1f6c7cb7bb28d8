"""How a shop misbehaves when `MallSpec.faults` is on: an ASGI layer around any dialect.

`plan.py` says what is wrong where, from the seed alone; `layer.py` does it. One fault is one small function:
`transient.py` (a first answer that is bad), `photos.py` (photos that stay bad, or are odd but fine), `extras.py`
(pages nobody should crawl), `markup.py` (JSON-LD as shops write it), `validators.py` (ETags that lie).
"""
