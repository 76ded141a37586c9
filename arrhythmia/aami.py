"""Facts about the annotations and records, each with its source: symbols, classes, record lists.

AAMI: ANSI/AAMI EC57, "Testing and reporting performance results of cardiac rhythm and ST segment
measurement algorithms". De Chazal 2004: P. de Chazal, M. O'Dwyer, R. B. Reilly, "Automatic classification
of heartbeats using ECG morphology and heartbeat interval features", IEEE Trans Biomed Eng 51(7):1196-1206.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

CLASSES = ("N", "S", "V", "F", "Q")
"""The five AAMI classes, in the order of their labels 0..4."""

N, S, V, F, Q = range(len(CLASSES))
"""The labels of the classes."""

CLASS_NAMES = {
    "N": "normal or bundle branch block",
    "S": "supraventricular ectopic",
    "V": "ventricular ectopic",
    "F": "fusion of ventricular and normal",
    "Q": "paced or unclassifiable",
}

SYMBOLS = {"N": "NLRej", "S": "AaJS", "V": "VE", "F": "F", "Q": "/fQ"}
"""Annotation symbols of each class. Escape beats e and j are in N, as in the Kaggle files and in
de Chazal 2004; the reference program of EC57 counts them as S."""

LABELS = {symbol: label for label, name in enumerate(CLASSES) for symbol in SYMBOLS[name]}
"""The label (0..4) of each beat symbol; annotations with other symbols are not labelled beats."""

SAME_PATIENT = {"202": "201"}
"""Records that are of the patient of another record."""

PACED = ("102", "104", "107", "217")
"""Records with paced beats, which EC57 leaves out of the inter-patient evaluation."""

DS1 = tuple("101 106 108 109 112 114 115 116 118 119 122 124 201 203 205 207 208 209 215 220 223 230".split())
"""Training records of the inter-patient protocol (de Chazal 2004)."""

DS2 = tuple("100 103 105 111 113 117 121 123 200 202 210 212 213 214 219 221 222 228 231 232 233 234".split())
"""Test records of the inter-patient protocol (de Chazal 2004). 202 is the same patient as 201 of DS1."""

SYNTHETIC_RECORDS = tuple(f"s{number:02d}" for number in range(1, 17))
"""Names of the built-in synthetic recordings: 16 "patients", the last two of them paced."""

SYNTHETIC_PACED = SYNTHETIC_RECORDS[14:]
SYNTHETIC_DS1 = SYNTHETIC_RECORDS[0:14:2]
SYNTHETIC_DS2 = SYNTHETIC_RECORDS[1:14:2]


def labels_of(symbols: "np.ndarray") -> "np.ndarray":
    """Return the class label of each annotation symbol.

    Args:
        symbols: `(n,)` annotation symbols.

    Returns:
        `(n,)` int8: 0..4, or -1 where the symbol is not a labelled beat.
    """
    import numpy as np  # not above: arrhythmia.params, which everything reads first, needs none of it

    return np.array([LABELS.get(symbol, -1) for symbol in symbols], dtype=np.int8)
