"""The page in Chromium: all that a person does with it."""

import json
import re
import shutil

import numpy as np
import pytest
import wfdb

from arrhythmia.cli import predict
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.inference.page import page_text
from tests.page import FS, NAME, SECONDS, prediction
from tests.processes import wait_until

webdriver = pytest.importorskip("selenium.webdriver")


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


def opened(browser, path):
    browser.get(path.as_uri())
    wait_until(lambda: browser.execute_script("return document.body.dataset.ready"), "page")


def press(browser, *keys):
    for key in keys:
        browser.find_element("tag name", "body").send_keys(key)


def selected(browser):
    return browser.find_element("id", "selected").text


def saved(browser, name):
    browser.find_element("id", "save").click()
    wait_until((browser.downloads / name).exists, name)
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
    assert "0:00:20.0  lost, 280.0 s" in browser.find_element("id", "lists").text
    press(browser, webdriver.Keys.ARROW_RIGHT)
    assert selected(browser).startswith("Beat 2 of")
    press(browser, webdriver.Keys.SHIFT + webdriver.Keys.ARROW_RIGHT)
    assert selected(browser).startswith("Beat 3 of 119 at 0:00:03.00: V")
    plot = browser.find_element("css selector", "#rate .u-over")
    webdriver.ActionChains(browser).move_to_element(plot).move_by_offset(
        round(plot.size["width"] * (350 / SECONDS - 0.5)), 0
    ).click().perform()
    beat, at = re.match(r"Beat (\d+) of 119 at 0:05:(\d\d)", selected(browser)).groups()
    assert abs(int(at) - 50) <= 2
    press(browser, "s", webdriver.Keys.ARROW_RIGHT, "q", "z")
    assert "corrected from" not in selected(browser)
    press(browser, webdriver.Keys.ARROW_LEFT)
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
    press(browser, *[webdriver.Keys.ARROW_RIGHT] * 20, "f")
    assert ": F (corrected from" in selected(browser)
    shutil.move(saved(browser, "s01.corrected"), tmp_path)
    capsys.readouterr()
    assert predict.main([record, "--compare", "corrected", "--out", out, "--jobs", "1"]) == 0
    assert re.search(r"\| s01 +\| +\d+ \| +100.00 \| +100.00", capsys.readouterr().out)
