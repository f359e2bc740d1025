"""An invented bank with a known truth: customers, their facts, and how they answer any offer."""
