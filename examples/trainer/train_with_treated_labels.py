"""A trainer that treats its labels: one call between the split and the fit.

Your trainer has its own features, split and model. It keeps them, and calls ``apply_label_treatment`` on its
training rows. Test rows are never treated: all scores are on the labels as they came.
"""

import pandas as pd
import xgboost
from sklearn.metrics import average_precision_score, roc_auc_score

import ftf_assets as ftf
from ftf_assets.sources.embedded_market.source import MarketSource

# Stand-in for your cache: features, label, label_end and weight, indexed by the time a row is known. On this
# simulated market one label in ten is wrong, and a model can learn a weak edge.
market = MarketSource()
cache, _ = market.feature_cache("OPUSDC", market.candles("OPUSDC"))
not_features = ["label", "label_end", "label_return", "label_stability", "label_stability_end", "regime"]
features = [name for name in cache.columns if name not in (*not_features, "base_weight")]

# Walk forward: train on the past, test on what follows. A training label may not be known after the test
# begins, so the last rows before it are purged.
test_from = pd.Timestamp("2024-10-01", tz="UTC")
train = cache[cache["label_end"] < test_from]
test = cache[cache.index >= test_from]

PARAMETERS = {"max_depth": 3, "learning_rate": 0.05, "subsample": 0.5, "colsample_bytree": 0.3}
ROUNDS = 150

scores = {}
for cleanlab in ("off", "filter", "reweight"):
    treated = ftf.apply_label_treatment(
        train[features],
        train["label"],
        label_end=train["label_end"],
        cleanlab=cleanlab,
        held_out_from=test_from,  # refuses rows that leak
        parameters=PARAMETERS,  # the labels are judged by models like yours
        rounds=ROUNDS,
        crypto="OPUSDC",
    )
    X, y, w = treated
    model = xgboost.XGBClassifier(n_estimators=ROUNDS, random_state=7, n_jobs=1, **PARAMETERS)
    model.fit(X, y, sample_weight=w)
    probability = model.predict_proba(test[features].to_numpy("float32"))[:, 1]
    scores[cleanlab] = {
        "rows": len(X),
        "AUC": roc_auc_score(test["label"], probability),
        "average precision": average_precision_score(test["label"], probability),
    }
    print(treated.report, end="\n\n")

print(pd.DataFrame(scores).T.round(4).to_string())
print("One split of one crypto decides nothing: ftf.run_sweep compares them properly.")
