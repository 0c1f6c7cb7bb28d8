"""What each stage can be told: one frozen model per stage, which is flow, command and manifest at once."""
