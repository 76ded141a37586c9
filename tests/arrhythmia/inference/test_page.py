"""The page: its data, its safety and its parts; tests in a browser are in test_page_in_browser.py."""

import base64
import gzip
import hashlib
import json
import re

import numpy as np

from arrhythmia.inference.page import TEMPLATES, packed_strip, page_text
from arrhythmia.inference.predict import STRIP_STEP, thinned
from tests.page import NAME, prediction

UPLOT = {
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""SHA-256 of LICENSE and of two files of dist/ in the npm package uplot 1.6.32, sha512-KIMVnG68zvu5XXUb…"""


def data_of(text):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)[1])


def unpacked(text, dtype):
    return np.frombuffer(gzip.decompress(base64.b64decode(text)), dtype)


def unpacked_strip(text):
    low, high, highest = unpacked(text, np.uint8).reshape(3, -1).astype(int)
    folded = low + 256 * high + 65536 * highest
    return np.cumsum(np.where(folded % 2, -(folded + 1) // 2, folded // 2))


def test_the_data_of_the_page_are_those_of_the_prediction():
    known = prediction()
    data = data_of(page_text(known, "r"))
    np.testing.assert_array_equal(np.cumsum(unpacked(data["sample"], "<u4")), known.sample)
    np.testing.assert_array_equal(unpacked(data["label"], np.uint8), known.probability.argmax(axis=1))
    shares = unpacked(data["probability"], np.uint8).reshape(5, -1).T / 255
    np.testing.assert_allclose(shares, known.probability, atol=1 / 500)
    np.testing.assert_array_equal(np.flatnonzero(unpacked(data["parted"], np.uint8)), [0, 19])
    np.testing.assert_array_equal(unpacked_strip(data["strip"]), known.strip)
    assert data["strip_mv"] == STRIP_STEP
    assert data["summary"]["recording"] == NAME


def test_what_comes_from_a_recording_is_escaped():
    text = page_text(prediction(), "r")
    assert "<b>" not in text
    assert "<img" not in text


def test_uplot_is_as_it_was_published():
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in TEMPLATES.glob("uplot/*")}
    assert found == UPLOT


def test_a_strip_is_packed_in_blocks_without_a_seam(monkeypatch):
    strip = np.random.default_rng(0).normal(scale=3000, size=2500).astype(np.int16)
    monkeypatch.setattr("arrhythmia.inference.page.BLOCK", 1000)
    np.testing.assert_array_equal(unpacked_strip(packed_strip(strip, np.inf)[0]), strip)


def test_the_strip_takes_coarser_steps_rather_than_more_room():
    strip = np.random.default_rng(0).normal(scale=300, size=12000).astype(np.int16)
    strip[:2] = -32768, 32767
    fine, _ = packed_strip(strip, np.inf)
    text, step = packed_strip(strip, 0.8 * len(fine))
    assert len(text) <= 0.8 * len(fine)
    np.testing.assert_allclose(step * unpacked_strip(text), STRIP_STEP * strip, atol=0.51 * step)


def test_the_pieces_of_the_strip_join_without_a_seam():
    signal = np.random.default_rng(0).normal(size=100)
    pieces = [thinned(signal[start:stop], start) for start, stop in ((0, 31), (31, 62), (62, 100))]
    np.testing.assert_array_equal(np.concatenate(pieces), thinned(signal, 0))
