"""Stable error-minimising noise (SEM; Liu et al., AAAI 2024), and EM and REM as its ablations."""
