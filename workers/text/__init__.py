"""The words of shops: tokens, languages, the vocabulary, and how good they are as labels."""
