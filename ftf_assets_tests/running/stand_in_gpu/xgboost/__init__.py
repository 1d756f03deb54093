"""XGBoost on the stand-in GPU: it opens the stand-in's driver, and then trains on the CPU.

The folder above goes before the others on the import path, so that this replaces the real package in every
process; the real one is imported by the same name from the rest of the path.
"""

from __future__ import annotations

import ctypes
import importlib
import json
import sys
from pathlib import Path
from typing import Any

here = str(Path(__file__).parents[1])
del sys.modules["xgboost"]
path, sys.path = sys.path, [one for one in sys.path if one != here]
real = importlib.import_module("xgboost")
sys.path = path

_train, _save_config = real.train, real.Booster.save_config


def train(settings: dict[str, Any], *arguments: Any, **named: Any) -> Any:
    device = str(settings.get("device", "cpu"))
    if device == "cpu":
        return _train(settings, *arguments, **named)
    if ctypes.CDLL("libcuda.so.1").cuInit(0):
        raise real.core.XGBoostError("initialization error: CUDA was opened before this process was forked")
    booster = _train({**settings, "device": "cpu"}, *arguments, **named)
    booster.set_attr(stand_in=device if ":" in device else f"{device}:0")
    return booster


def save_config(self: Any) -> str:
    config = json.loads(_save_config(self))
    if device := self.attr("stand_in"):
        config["learner"]["generic_param"]["device"] = device
    return json.dumps(config)


real.train, real.Booster.save_config = train, save_config
sys.modules["xgboost"] = real
