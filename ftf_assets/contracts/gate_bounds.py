"""Names and default bounds that the gate's settings need, apart from its tables, which load slowly."""

from __future__ import annotations

#: Trades of a variant, in all and in its poorest fold, below which a verdict carries a warning. 63
#: observations a group resolve an effect of d = 0.5 at p < 0.05 with 80 % power, by the normal approximation
#: 2 (1.960 + 0.842)² / 0.5² = 62.8 (Cohen 1988, *Statistical Power Analysis for the Behavioral Sciences*,
#: section 2.4; with Student's t it is 64). 30 a fold is a convention of the field.
MIN_TRADES = 63
MIN_TRADES_A_FOLD = 30

LOWER_IS_BETTER = ("ece_debiased", "log_loss")

PRIMARY_METRIC_RULE, TWO_METRICS_RULE = "primary_metric", "two_metrics"
RULES = (PRIMARY_METRIC_RULE, TWO_METRICS_RULE)
