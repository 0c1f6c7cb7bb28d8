"""A page to the facts it states about its product: every markup read, then merged by trust."""
