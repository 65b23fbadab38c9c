"""Documentation is tested: what it names exists."""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
READ = re.compile(
    r"env\.(?:str|bool|int|words|origins|networks|texts|rate|statement_timeout|secret|postgres|path|log_level|deployment|word|whole_number)"
    r"\(\s*\"([A-Z_]+)\""
)
DOCUMENTED = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
LINK = re.compile(r"\]\(([^)#:]+)\)")


def text(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_setting_is_documented_and_no_other():
    assert set(DOCUMENTED.findall(text("docs/configuration.md"))) == set(READ.findall(text("cspace/settings.py")))


def test_the_commands_of_the_readme_exist():
    targets = set(re.findall(r"^([a-z-]+):", text("Makefile"), re.MULTILINE))
    assert {"run", "test"} <= set(re.findall(r"make ([a-z-]+)", text("README.md"))) <= targets


@pytest.mark.parametrize(
    "page",
    ["README.md", "CONTRIBUTING.md", *sorted(str(p.relative_to(ROOT / "docs")) for p in (ROOT / "docs").rglob("*.md"))],
)
def test_links_lead_somewhere(page):
    path = ROOT / page if (ROOT / page).exists() else ROOT / "docs" / page
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        assert (path.parent / link).exists(), link


def test_decisions_fit_a_page():
    pages = list((ROOT / "docs" / "decisions").glob("*.md"))
    assert pages
    assert all(len(page.read_text(encoding="utf-8").splitlines()) <= 60 for page in pages)


def test_the_composed_production_has_a_worker():
    services = yaml.safe_load(text("docker-compose.yml"))["services"]
    worker, app = services["worker"], services["app"]
    assert {name: value for name, value in worker.items() if name not in {"command", "healthcheck"}} == app
    assert (worker["command"], worker["healthcheck"]) == (["python", "manage.py", "worker"], {"disable": True})
