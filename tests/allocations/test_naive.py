"""Two implementations in two languages, written from one definition, agree byte for byte."""

import json
import random
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pytest

from allocations import draw as lottery
from tests.allocations.manifests import corpus

NAIVE = Path(__file__).with_name("naive_draw.js")
GOLDEN = Path(__file__).with_name("golden")


def naive_results(draws: list[tuple[bytes, bytes, str]]) -> list[bytes]:
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed: the comparison with the second implementation did not run")
    asked = [{"manifest": data.decode("ascii"), "seed": seed.hex(), "salt": salt} for data, seed, salt in draws]
    run = subprocess.run([node, NAIVE], input=json.dumps(asked).encode(), capture_output=True, timeout=100, check=False)
    assert (run.returncode, run.stderr) == (0, b"")
    return [text.encode("ascii") for text in json.loads(run.stdout)]


def test_both_implementations_agree_on_random_manifests():
    draws = []
    for number, (manifest, seed) in enumerate(corpus(1500)):
        salt = random.Random(number).choice(("", "demo", "31 Jan: 4 6 1", "骰子 🎲 é"))
        draws.append((lottery.write_manifest(manifest), seed, salt))

    for (data, seed, salt), naive in zip(draws, naive_results(draws), strict=True):
        manifest = lottery.read_manifest(data)
        key = lottery.key(seed, manifest.event_id, salt)
        ours = lottery.write_result(lottery.draw(manifest, seed, salt), sha256(data).hexdigest(), key)
        assert ours == naive, data.decode()


def test_the_naive_implementation_gives_the_golden_result():
    record = json.loads((GOLDEN / "draw.json").read_bytes())
    manifest = (GOLDEN / "manifest.tsv").read_bytes()

    assert naive_results([(manifest, bytes.fromhex(record["seed"]), record["salt"])]) == [
        (GOLDEN / "result.tsv").read_bytes()
    ]


def test_the_random_manifests_meet_every_reason_and_setting():
    reasons, params = set(), set()
    for manifest, seed in corpus(1500):
        reasons |= {loss.reason for loss in lottery.draw(manifest, seed, "").losses}
        params |= {(name, getattr(manifest.params, name)) for name in ("balance", "conflict", "tie")}

    assert reasons == {"REJECTED_BY_ADMIN", "UNAVAILABLE", "OTHER_CHOICE_WON", "LOST", "MAX_WINS"}
    assert len(params) == 6
