"""What the benches against the peers share."""
