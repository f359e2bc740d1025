"""From canonical tables to features: history for training, the newest values online."""
