"""The page: its data without a browser, and all that a person does with it in Chromium."""

import base64
import gzip
import hashlib
import json
import re
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
import wfdb
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from arrhythmia.cli import predict
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.inference.page import TEMPLATES, packed_strip, page_text
from arrhythmia.inference.predict import STRIP_STEP, Prediction, thinned

FS = 250
SECONDS = 400
GAP = (20, 300)
NAME = "</script><b>100"
"""What would end the data, were it written as it is."""

UPLOT = {
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
}
"""SHA-256 of LICENSE and of two files of dist/ in the npm package uplot 1.6.32, sha512-KIMVnG68zvu5XXUb…"""


def prediction():
    """A beat a second but for a gap that takes a SKIP of more than 16 bits; each third beat is V."""
    seconds = np.array([t for t in range(1, SECONDS) if not GAP[0] <= t < GAP[1]])
    probability = np.full((len(seconds), 5), 0.05)
    probability[np.arange(len(seconds)), np.where(np.arange(len(seconds)) % 3 == 2, 2, 0)] = 0.8
    summary = {
        "recording": NAME,
        "lead": "II",
        "fs": FS,
        "notes": [],
        "duration_s": float(SECONDS),
        "parts": [{"start_s": float(GAP[0]), "stop_s": float(GAP[1]), "state": "lost"}],
        "model": "cnn",
        "counts": {"N": 80, "S": 0, "V": 39, "F": 0, "Q": 0},
    }
    strip = np.round(100 * np.sin(np.arange(SECONDS * 120) / 20)).astype(np.int16)
    return Prediction(SimpleNamespace(name=NAME, fs=FS), FS * seconds, probability, summary, strip)


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
    assert "<b>" not in page_text(prediction(), "r")


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


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Chromium without a window, which writes down requests and saves into the folder `downloads`."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no Chromium with chromedriver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for word in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "window-size=1400,1100"):
        options.add_argument(f"--{word}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    opened = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    opened.downloads = tmp_path_factory.mktemp("downloads")
    opened.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(opened.downloads)}
    )
    yield opened
    opened.quit()


def until(browser, condition):
    return WebDriverWait(browser, 60).until(lambda _: condition())


def opened(browser, path):
    browser.get(path.as_uri())
    until(browser, lambda: browser.execute_script("return document.body.dataset.ready"))


def press(browser, *keys):
    for key in keys:
        browser.find_element(By.TAG_NAME, "body").send_keys(key)


def selected(browser):
    return browser.find_element(By.ID, "selected").text


def saved(browser, name):
    browser.find_element(By.ID, "save").click()
    until(browser, (browser.downloads / name).exists)
    return browser.downloads / name


def requested(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [x["params"]["request"]["url"] for x in events if x["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith(("file:", "blob:", "data:"))]


def test_a_person_looks_through_the_beats_corrects_and_saves_them(browser, tmp_path):
    (tmp_path / "r.page.html").write_text(page_text(prediction(), "r"), encoding="utf-8")
    opened(browser, tmp_path / "r.page.html")
    assert browser.title == NAME
    assert selected(browser).startswith("Beat 1 of 119 at 0:00:01.00: N; probabilities")
    assert "0:00:20.0  lost, 280.0 s" in browser.find_element(By.ID, "lists").text
    press(browser, Keys.ARROW_RIGHT)
    assert selected(browser).startswith("Beat 2 of")
    press(browser, Keys.SHIFT + Keys.ARROW_RIGHT)
    assert selected(browser).startswith("Beat 3 of 119 at 0:00:03.00: V")
    plot = browser.find_element(By.CSS_SELECTOR, "#rate .u-over")
    webdriver.ActionChains(browser).move_to_element(plot).move_by_offset(
        round(plot.size["width"] * (350 / SECONDS - 0.5)), 0
    ).click().perform()
    beat, at = re.match(r"Beat (\d+) of 119 at 0:05:(\d\d)", selected(browser)).groups()
    assert abs(int(at) - 50) <= 2
    press(browser, "s", Keys.ARROW_RIGHT, "q", "z")
    assert "corrected from" not in selected(browser)
    press(browser, Keys.ARROW_LEFT)
    assert ": S (corrected from" in selected(browser)
    read = wfdb.rdann(str(saved(browser, "r.corrected").with_suffix("")), "corrected")
    known = prediction()
    expected = np.array(list("NSVFQ"))[known.probability.argmax(axis=1)]
    was = expected[int(beat) - 1]
    expected[int(beat) - 1] = "S"
    np.testing.assert_array_equal(read.sample, known.sample)
    assert "".join(read.symbol) == "".join(expected)
    assert read.fs == FS
    assert [note for note in read.aux_note if note] == [f"corrected from {was}"]
    assert browser.get_log("browser") == []
    assert requested(browser) == []


def test_corrections_can_be_compared_with(browser, tmp_path, capsys):
    write_recordings(tmp_path, seconds=60, seed=0)
    record, out = str(tmp_path / "s01"), str(tmp_path / "out")
    assert predict.main([record, "--page", "--out", out, "--jobs", "1"]) == 0
    opened(browser, tmp_path / "out" / "s01.page.html")
    press(browser, *[Keys.ARROW_RIGHT] * 20, "f")
    assert ": F (corrected from" in selected(browser)
    shutil.move(saved(browser, "s01.corrected"), tmp_path)
    capsys.readouterr()
    assert predict.main([record, "--compare", "corrected", "--out", out, "--jobs", "1"]) == 0
    assert re.search(r"\| s01 +\| +\d+ \| +100.00 \| +100.00", capsys.readouterr().out)
