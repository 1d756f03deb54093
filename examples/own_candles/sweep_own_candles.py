"""Does cleaning the labels help on my candles? Files in a folder, one call, one answer.

Run it in any folder: it writes ``candles/`` and ``.ftf/`` there. Put your own files into ``candles/``.
"""

from pathlib import Path

import ftf_assets as ftf
from ftf_assets.sources.embedded_market.source import MarketSource

# Stand-ins for your files: hourly bars of a simulated market, as exchange tools write them. The time of a row
# is the open of its bar; the simulated frames are stamped with the close.
folder = Path("candles")
if not folder.exists():
    folder.mkdir()
    for pair in ("OP/USDT", "UNI/USDT"):
        bars = MarketSource(seed=7).candles(pair.replace("/", ""))
        opens = (bars.index - bars.index.to_series().diff().min()).rename("date")
        bars.set_index(opens).to_csv(folder / f"{pair.replace('/', '_')}-1h.csv")

# A first look in seconds: two folds, one fit per cell, nothing tuned. Leave that out for the real run.
run = ftf.run_sweep(
    source="candles",
    path=folder,
    factor="cleanlab=filter",
    settings={
        "data.cryptos": ["OP/USDT", "UNI/USDT"],
        "folds.n_folds": 2,
        "training": {"trials": 0, "seeds": 1, "max_rounds": 150},
        "ceiling.enabled": False,
    },
)

print(run.headline)
print(run.verdicts[["level", "verdict", "mean_difference", "ci_low", "ci_high"]].to_string(index=False))
print(run.leaderboard[["variant", "n_cells", "roc_auc", "f1_buy", "f1_always_buy"]].to_string(index=False))
print(f"The whole report: {run.report.path}")
