"""The page in Chromium: all that a person does with it, and what is drawn. One browser serves all tests."""

import json
import re
import shutil

import numpy as np
import pytest
import wfdb

from arrhythmia.cli import predict
from arrhythmia.datasets.synthetic.recordings import write_recordings
from arrhythmia.inference.page import page_text
from tests.page import FS, NAME, SECONDS, noisy_day, prediction
from tests.processes import wait_until

webdriver = pytest.importorskip("selenium.webdriver")
LEFT, RIGHT, SHIFT = webdriver.Keys.ARROW_LEFT, webdriver.Keys.ARROW_RIGHT, webdriver.Keys.SHIFT
OVERVIEWS = ("rate", "rr", "lanes", "burden")

COUNT_DRAWINGS = """
window.drawn = [];
const clear = CanvasRenderingContext2D.prototype.clearRect;
CanvasRenderingContext2D.prototype.clearRect = function (...where) {
  const plot = this.canvas.closest("#strip, #rate, #rr, #lanes, #burden");
  if (plot) window.drawn.push(plot.id);
  return clear.apply(this, where);
};
"""

DRAW = """
const [name, label, width, height] = arguments, time = label.map((_, i) => Math.floor(i / 15));
const ctx = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
const y = { min: 0, max: name === "lanes" ? classes.length - 1 : 2 };
const u = { ctx, bbox: { left: 0, top: 0, width, height }, scales: { x: { min: 0, max: time.at(-1) + 1 }, y },
  valToPos: (value) => height * (1 - value / y.max) };
if (name === "lanes") lanes(u, time, label);
else points(u, shuffled(label.length), time, label.map(() => 1), label);
const { data: pixels } = ctx.getImageData(0, 0, width, height), found = {};
for (let i = 0; i < pixels.length; i += 4) {
  if (!pixels[i + 3]) continue;
  const bytes = [0, 1, 2].map((k) => pixels[i + k].toString(16).padStart(2, "0"));
  const drawn = classes[colours.indexOf("#" + bytes.join("").toUpperCase())];
  found[drawn] = (found[drawn] ?? 0) + 1;
}
return found;
"""
"""Pixels that each class is drawn with, fifteen beats at each time."""


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


@pytest.fixture
def page(browser, tmp_path):
    """The page of `prediction`, just opened; it may neither fetch anything nor complain."""
    (tmp_path / "r.page.html").write_text(page_text(prediction(), "r"), encoding="utf-8")
    opened(browser, tmp_path / "r.page.html")
    yield browser
    assert browser.get_log("browser") == []
    assert requested(browser) == []


def opened(browser, path):
    browser.get(path.as_uri())
    wait_until(lambda: browser.execute_script("return document.body.dataset.ready"), "page")


def press(browser, *keys):
    for key in keys:
        browser.find_element("tag name", "body").send_keys(key)


def text_of(browser, element):
    return browser.find_element("id", element).text


def selected(browser):
    return text_of(browser, "selected")


def saved(browser, name):
    (file := browser.downloads / name).unlink(missing_ok=True)
    browser.find_element("id", "save").click()
    wait_until(file.exists, file)
    return file


def saved_beats(browser):
    return wfdb.rdann(str(saved(browser, "r.corrected").with_suffix("")), "corrected")


def asks_before_closing(browser):
    return browser.execute_script("return !dispatchEvent(new Event('beforeunload', { cancelable: true }))")


def to(browser, plot, seconds, height):
    """Return a mouse above a time in a plot, at a share of its height from the top."""
    over = browser.find_element("css selector", f"#{plot} .u-over")
    x, y = over.size["width"] * (seconds / SECONDS - 0.5), over.size["height"] * (height - 0.5)
    return webdriver.ActionChains(browser).move_to_element_with_offset(over, round(x), round(y))


def marks(browser):
    """Return where each overview shows the selected beat, in its pixels."""
    return [browser.find_element("css selector", f"#{plot} .at").get_attribute("style") for plot in OVERVIEWS]


def requested(browser):
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    urls = [x["params"]["request"]["url"] for x in events if x["method"] == "Network.requestWillBeSent"]
    return [url for url in urls if not url.startswith(("file:", "blob:", "data:"))]


def test_a_person_looks_through_the_beats_corrects_and_saves_them(page):
    assert page.title == NAME
    assert text_of(page, "facts").startswith("Lead <b>II</b>; 0:06:40 h; 119 beats")
    assert text_of(page, "notes").startswith("<img")
    assert selected(page).startswith("Beat 1 of 119 at 0:00:01.00: N; probabilities")
    assert "0:00:20.0  lost, 280.0 s" in text_of(page, "lists")
    press(page, RIGHT)
    assert selected(page).startswith("Beat 2 of")
    press(page, SHIFT + RIGHT)
    assert selected(page).startswith("Beat 3 of 119 at 0:00:03.00: V")
    to(page, "rr", 350, 0.5).click().perform()
    beat, at = re.match(r"Beat (\d+) of 119 at 0:05:(\d\d)", selected(page)).groups()
    assert abs(int(at) - 50) <= 2
    press(page, "s", RIGHT, "q", "z")
    assert "corrected from" not in selected(page)
    press(page, LEFT)
    assert ": S (corrected from" in selected(page)
    assert text_of(page, "saved") == "1 corrected, 0 not a beat; not saved yet"
    read = saved_beats(page)
    known = prediction()
    expected = np.array(list("NSVFQ"))[known.probability.argmax(axis=1)]
    was = expected[int(beat) - 1]
    expected[int(beat) - 1] = "S"
    np.testing.assert_array_equal(read.sample, known.sample)
    assert "".join(read.symbol) == "".join(expected)
    assert read.fs == FS
    assert [note for note in read.aux_note if note] == [f"corrected from {was}"]


def test_what_is_taken_back_need_not_be_saved_and_saving_says_that_all_was_reviewed(page):
    press(page, "v")
    assert asks_before_closing(page)
    press(page, "z")
    assert not asks_before_closing(page)
    assert text_of(page, "saved") == "no corrections"
    assert len(saved_beats(page).sample) == len(prediction().sample)
    assert text_of(page, "saved") == "no corrections; saved as r.corrected"
    press(page, "v")
    assert asks_before_closing(page)
    saved_beats(page)
    press(page, "z")
    assert asks_before_closing(page), "the file has another class"
    press(page, "v")
    assert not asks_before_closing(page)


def test_what_is_not_a_beat_is_left_out_and_divides_no_interval(page):
    press(page, RIGHT, "x")
    assert selected(page).startswith("Beat 2 of 119 at 0:00:02.00: not a beat (corrected from N)")
    assert "N normal or bundle branch block: 79 " in text_of(page, "legend")
    press(page, RIGHT)
    assert "RR 2.00 s" in selected(page)
    np.testing.assert_array_equal(saved_beats(page).sample, np.delete(prediction().sample, 1))
    press(page, "z")
    assert "RR 1.00 s" in selected(page)
    assert "N normal or bundle branch block: 80 " in text_of(page, "legend")


def test_the_overviews_show_the_same_time_and_a_row_finds_beats_of_its_class(page):
    places = [page.find_element("css selector", f"#{plot} .u-over").rect for plot in OVERVIEWS]
    assert len({(place["x"], place["width"]) for place in places}) == 1
    for plot, name in (("rr", "N"), ("lanes", "V")):
        to(page, plot, 350.5, 0.4).click().perform()
        assert re.match(rf"Beat \d+ of 119 at 0:05:(49|5\d).00: {name}", selected(page))
    whole = marks(page)
    to(page, "rate", 340, 0.5).click_and_hold().move_by_offset(100, 3).release().perform()
    wait_until(lambda: marks(page) != whole, "zoom")
    assert len(set(marks(page))) == 1
    to(page, "burden", 200, 0.5).double_click().perform()  # selects a beat too
    to(page, "lanes", 350.5, 0.4).click().perform()
    assert marks(page) == whole


def test_a_key_draws_only_what_changes(page):
    page.execute_script(COUNT_DRAWINGS)
    press(page, RIGHT)
    assert selected(page).startswith("Beat 2 of")
    assert set(page.execute_script("return window.drawn.splice(0)")) == {"strip"}
    press(page, "v")
    assert page.execute_script("return window.drawn").count("rr") == 1


def test_of_points_that_cover_one_another_each_class_shows_by_its_share(page):
    label = ([0] * 9 + [2] * 4 + [3] * 2) * 400
    pixels = page.execute_script(DRAW, "points", label, 2000, 40)
    share = {name: count / sum(pixels.values()) for name, count in pixels.items()}
    assert share == pytest.approx({"N": 9 / 15, "V": 4 / 15, "F": 2 / 15}, abs=0.08)


def test_a_single_beat_among_thousands_is_seen_in_its_row(page):
    label = [0] * 3000 + [1] + [0] * 3000
    assert page.execute_script(DRAW, "lanes", label, 400, 80)["S"] >= 6
    assert "S" not in page.execute_script(DRAW, "lanes", [0] * 6001, 400, 80)


def test_a_day_is_small_and_opens_at_once(browser, tmp_path):
    """Two seconds of a processor, as the browser counts it: what else the machine does is no matter."""
    path = tmp_path / "day.page.html"
    path.write_text(page_text(noisy_day(), "day"), encoding="utf-8")
    assert path.stat().st_size < 10e6
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    before = seconds_of_work(browser)
    opened(browser, path)
    assert 0.05 < seconds_of_work(browser) - before < 2
    assert re.match(r"Beat 1 of 144[,.]?000 at", selected(browser))


def seconds_of_work(browser):
    """Return how long the browser's main thread had a processor, s."""
    metrics = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    return next(x["value"] for x in metrics if x["name"] == "TaskDuration")


def test_corrections_can_be_compared_with(browser, tmp_path, capsys):
    write_recordings(tmp_path, seconds=60, seed=0)
    record, out = str(tmp_path / "s01"), str(tmp_path / "out")
    assert predict.main([record, "--page", "--out", out, "--jobs", "1"]) == 0
    opened(browser, tmp_path / "out" / "s01.page.html")
    press(browser, *[RIGHT] * 20, "f", RIGHT, "x")
    assert "1 corrected, 1 not a beat" in text_of(browser, "saved")
    shutil.move(saved(browser, "s01.corrected"), tmp_path)
    capsys.readouterr()
    assert predict.main([record, "--compare", "corrected", "--out", out, "--jobs", "1"]) == 0
    precision = re.search(r"\| s01 +\| +\d+ \| +100.00 \| +(\S+)", capsys.readouterr().out)[1]
    assert 95 < float(precision) < 100
