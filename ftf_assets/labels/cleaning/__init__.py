"""The factor ``cleanlab``: find suspect labels in the fit part, then drop, down-weight or relabel their rows.

    cleanlab_factor.py      the factor, as the registry lists it
    cleaners.py             its levels: who judges the labels, and what happens to the suspects
    judges.py               suspects of confident learning or of the temporal judge
    suspect_cap.py          how many rows of each class may be suspect
    suspect_treatments.py   drop, reweight, relabel, correct the loss, and the controls to beat
    confident_learning.py   label quality, flags and confident joint of cleanlab
    temporal_noise.py       error probabilities from the order of the labels in time
    hidden_labels.py        its hidden Markov model: true label and error bursts
    label_chain.py          its prior: how true labels follow each other

To add a treatment of suspects, add an action to ``cleaners.py`` and its branch to
``suspect_treatments.clean``. Judges see out-of-fold probabilities and, for the temporal judge, candles up to
the latest label end of the fit part; nothing later. cleanlab and TA-Lib are imported where they are called,
because a sweep without cleaning does not need them.
"""
