"""The report opened in a real browser: drawn, legible, silent, and fit to print."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from tests.reported_run import reported_run
from training.report import report_page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None, reason="no chromium on PATH: the report cannot be looked at in a browser"
)
SECONDS = 120

# Measures what a reader sees; runs in a copy of the page whose policy lets scripts in.
LOOK = """
<script>
addEventListener("load", () => {
  const crossing = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1.5 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2.5;
  const seen = [...document.querySelectorAll("figure")].map(figure => {
    const svg = figure.querySelector("svg"), frame = svg.getBoundingClientRect();
    const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent.trim());
    const boxes = texts.map(text => text.getBoundingClientRect());
    const crossed = [], outside = [];
    boxes.forEach((box, i) => {
      if (box.left < frame.left - 2 || box.right > frame.right + 2 ||
          box.top < frame.top - 2 || box.bottom > frame.bottom + 2)
        outside.push(texts[i].textContent);
      for (let j = 0; j < i; j++)
        if (crossing(box, boxes[j])) crossed.push([texts[j].textContent, texts[i].textContent]);
    });
    const shapes = [...svg.querySelectorAll("path, use")].filter(shape => {
      const box = shape.getBoundingClientRect();
      return box.width + box.height > 0;
    });
    return {
      name: figure.id, width: frame.width, height: frame.height, shapes: shapes.length,
      texts: texts.length, crossed, outside,
      ink: getComputedStyle(texts[0]).fill, paper: getComputedStyle(document.body).backgroundColor,
    };
  });
  const wide = document.documentElement.scrollWidth > innerWidth;
  const out = document.createElement("pre");
  out.id = "seen";
  out.textContent = JSON.stringify({figures: seen, wide});
  document.body.append(out);
});
</script>
"""


@pytest.fixture(scope="module")
def page() -> str:
    return report_page(reported_run()).decode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("browser")


def browse(folder: Path, page: str, *options: str) -> subprocess.CompletedProcess[str]:
    file = folder / "report.html"
    file.write_text(page)
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        *options,
        file.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=True)


def looked_at(folder: Path, page: str, *options: str) -> dict[str, Any]:
    open_to_scripts = re.sub(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", page)
    done = browse(
        folder, open_to_scripts.replace("</body>", LOOK + "</body>"), "--dump-dom", *options
    )
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, flags=re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    seen: dict[str, Any] = json.loads(unescape(found[1]))
    return seen


@pytest.fixture(scope="module")
def seen(folder: Path, page: str) -> dict[str, Any]:
    return looked_at(folder, page, "--window-size=1100,900")


def test_every_figure_is_drawn_and_large_enough_to_read(seen: dict[str, Any]) -> None:
    assert len(seen["figures"]) == 7
    for figure in seen["figures"]:
        assert figure["width"] > 600, figure["name"]
        assert figure["height"] > 100, figure["name"]
        assert figure["shapes"] > 10, figure["name"]
        assert figure["texts"] > 5, figure["name"]


def test_no_words_lie_over_one_another_or_leave_their_figure(seen: dict[str, Any]) -> None:
    assert {f["name"]: f["crossed"] for f in seen["figures"] if f["crossed"]} == {}
    assert {f["name"]: f["outside"] for f in seen["figures"] if f["outside"]} == {}


def test_the_page_never_scrolls_sideways(folder: Path, page: str, seen: dict[str, Any]) -> None:
    assert not seen["wide"]
    assert not looked_at(folder, page, "--window-size=500,900")["wide"]


def test_words_stand_out_on_a_dark_page_too(folder: Path, page: str, seen: dict[str, Any]) -> None:
    dark = looked_at(folder, page, "--blink-settings=preferredColorScheme=0")
    for look in (seen, dark):
        for figure in look["figures"]:
            assert abs(brightness(figure["ink"]) - brightness(figure["paper"])) > 150
    assert brightness(dark["figures"][0]["paper"]) < 60 < brightness(seen["figures"][0]["paper"])


def brightness(colour: str) -> float:
    channels = [float(number) for number in re.findall(r"[\d.]+", colour)[:3]]
    return sum(channels) / 3


def test_the_browser_has_nothing_to_complain_about(folder: Path, page: str) -> None:
    done = browse(folder, page, "--dump-dom")
    assert "<figure" in done.stdout
    said = [line for line in done.stderr.splitlines() if ":CONSOLE" in line]
    assert said == []


def test_a_complaint_of_the_browser_would_be_heard(folder: Path, page: str) -> None:
    broken = page.replace("</body>", '<img src="https://example.invalid/x.png"></body>')
    done = browse(folder, broken, "--dump-dom")
    assert any("Content Security Policy" in line for line in done.stderr.splitlines())


def test_it_prints_on_a_handful_of_pages(folder: Path, page: str) -> None:
    printed = folder / "report.pdf"
    browse(folder, page, "--no-pdf-header-footer", f"--print-to-pdf={printed}")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed.read_bytes()))
    assert 6 <= pages <= 16
