"""The offline half: tables in, features, models, evaluation and signed bundles out."""
