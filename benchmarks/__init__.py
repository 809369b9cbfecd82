"""One script behind each published figure. Each writes results/NAME.json; report.py makes pages of them."""

from pathlib import Path

RESULTS = Path(__file__).parent / "results"
