"""The file alone verifies a draw, and says in one sentence what is wrong with a forged one."""

import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from allocations import draw as lottery

GOLDEN = Path(__file__).with_name("golden")
MANIFEST, RECORD, RESULT = ((GOLDEN / name).read_bytes() for name in ("manifest.tsv", "draw.json", "result.tsv"))
SAID = json.loads(RECORD)
SEED = bytes.fromhex(SAID["seed"])


def run(folder, *arguments):
    command = [sys.executable, "-I", "draw.py", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


@pytest.fixture
def folder(tmp_path):
    """What somebody downloads: the verifier, the manifest, draw.json."""
    shutil.copy(lottery.__file__, tmp_path / "draw.py")
    (tmp_path / "manifest.tsv").write_bytes(MANIFEST)
    (tmp_path / "draw.json").write_bytes(RECORD)
    return tmp_path


def complaint(manifest=MANIFEST, record=RECORD, result=RESULT, **said):
    """The sentence of the verifier about files of which some are forged."""
    with pytest.raises(lottery.DrawError) as raised:
        lottery.verify(manifest, json.dumps(SAID | said).encode() if said else record, result)
    sentence = str(raised.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_golden_vector_through_the_functions():
    manifest = lottery.read_manifest(MANIFEST)
    key = lottery.key(SEED, manifest.event_id, "demo")
    drawn = lottery.draw(manifest, SEED, "demo")

    assert lottery.write_manifest(manifest) == MANIFEST
    assert lottery.commitment(SEED) == SAID["commitment"]
    assert lottery.write_result(drawn, sha256(MANIFEST).hexdigest(), key) == RESULT
    assert lottery.verify(MANIFEST, RECORD, RESULT) == lottery.verify(MANIFEST, RECORD) == drawn


def test_the_file_alone_verifies_the_golden_vector(folder):
    said = b"The draw is as published: 4 won, 7 did not.\n"
    assert run(folder, "verify", "manifest.tsv", "draw.json") == (0, said, "")
    (folder / "result.tsv").write_bytes(RESULT)
    assert run(folder, "verify", "manifest.tsv", "draw.json", "result.tsv") == (0, said, "")
    assert run(folder, "draw", "manifest.tsv", "draw.json") == (0, RESULT, "")


def test_the_file_alone_names_the_first_difference(folder):
    (folder / "result.tsv").write_bytes(RESULT.replace(b"win\t1\t202\t3", b"win\t1\t200\t2"))
    assert run(folder, "verify", "manifest.tsv", "draw.json", "result.tsv") == (
        1,
        b"",
        r"Result line 5 is 'win\t1\t200\t2\t0\n', but the draw gives 'win\t1\t202\t3\t0\n'." + "\n",
    )
    (folder / "manifest.tsv").write_bytes(MANIFEST.replace(b"10:20", b"10:61"))
    assert run(folder, "verify", "manifest.tsv", "draw.json") == (
        1, b"", "Manifest line 19: '10:61' is no time from 00:00 to 24:00.\n",
    )  # fmt: skip


def test_the_file_alone_names_a_missing_file_and_its_usage(folder):
    code, out, err = run(folder, "verify", "manifest.tsv", "nowhere.json")
    assert (code, out, err.count("\n")) == (1, b"", 1)
    assert "nowhere.json" in err
    code, out, err = run(folder, "verify")
    assert (code, out, err.count("draw.py")) == (2, b"", 2)


@pytest.mark.parametrize(("name", "original"), [("manifest", MANIFEST), ("record", RECORD), ("result", RESULT)])
@pytest.mark.parametrize("bit", [0, 2, 7])
def test_any_changed_byte_is_noticed(name, original, bit):
    for at in range(0, len(original), 3):
        forged = bytearray(original)
        forged[at] ^= 1 << bit
        complaint(**{name: bytes(forged)})


@pytest.mark.parametrize(("name", "original"), [("manifest", MANIFEST), ("result", RESULT)])
def test_any_missing_or_doubled_line_is_noticed(name, original):
    lines = original.splitlines(keepends=True)
    for number in range(len(lines)):
        complaint(**{name: b"".join(lines[:number] + lines[number + 1 :])})
        complaint(**{name: b"".join(lines[:number] + lines[number : number + 1] + lines[number:])})


def test_a_forged_hash_is_named_with_both_values():
    zeros = "0" * 64
    assert complaint(commitment=zeros) == (
        f"draw.json says commitment {zeros}, but the seed's SHA-256 is {SAID['commitment']}."
    )
    assert complaint(manifest_sha256=zeros) == (
        f"draw.json says manifest_sha256 {zeros}, but the manifest's SHA-256 is {SAID['manifest_sha256']}."
    )
    assert complaint(result_sha256=zeros) == (
        f"draw.json says result_sha256 {zeros}, but the SHA-256 of what the draw gives is {SAID['result_sha256']}."
    )
    assert complaint(key=zeros).startswith(f"draw.json says key {zeros}, but the key of seed, event and salt is 95ddd")


def test_a_forged_seed_or_salt_is_named():
    assert complaint(seed="f" * 64).startswith(
        f"draw.json says commitment {SAID['commitment']}, but the seed's SHA-256 is "
    )
    assert complaint(salt="Demo").startswith("Result line 3 is 'key")
    assert complaint(salt="Demo", result=None).startswith(f"draw.json says result_sha256 {SAID['result_sha256']}, but ")
    assert complaint(salt="de\nmo") == "A salt has at most 200 printable characters and no line break."


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (b"[]", "draw.json is no JSON object."),
        (b"{", "draw.json is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)."),
        (b"{}", "draw.json must give seed as 64 lower-case hexadecimal digits."),
        (b'{"algorithm": "cspace-draw/v2"}', "draw.json is of another algorithm than cspace-draw/v1."),
        (RECORD.replace(b'"demo"', b"7"), "draw.json must give the salt as a text."),
        (RECORD.replace(SAID["seed"].encode(), b"0" * 62 + b"\xc2\xb2"),
         "draw.json must give seed as 64 lower-case hexadecimal digits."),
        (json.dumps(SAID | {"seed": None}).encode(), "draw.json must give seed as 64 lower-case hexadecimal digits."),
        (json.dumps(SAID | {"seed": 10**63}).encode(), "draw.json must give seed as 64 lower-case hexadecimal digits."),
    ],
)  # fmt: skip
def test_a_record_of_another_shape_is_refused(record, sentence):
    assert complaint(record=record) == sentence


def test_a_record_nested_too_deep_is_refused():
    assert complaint(record=b"[" * 200_000).startswith("draw.json is no JSON: ")


def test_a_manifest_of_another_draw_is_noticed_by_its_hash():
    assert complaint(manifest=MANIFEST.replace(b"09:10\t10:20", b"09:10\t10:30")).startswith(
        f"draw.json says manifest_sha256 {SAID['manifest_sha256']}, but the manifest's SHA-256 is "
    )


def test_tickets_and_key_are_plain_hmac():
    import hmac

    key = hmac.digest(SEED, b"cspace-draw/v1\nevent:1\nsalt:demo\n", "sha256")
    assert lottery.key(SEED, 1, "demo") == key
    assert lottery.ticket(key, "group", 522) == hmac.digest(key, b"group:522", "sha256")
    assert lottery.ticket(key, "entry", 12) == hmac.digest(key, b"entry:12", "sha256")


@pytest.mark.parametrize("salt", ["x" * 201, "a\nb", "a\x00", "\x7f", "\x85", "\u2028", "\ud800"])
def test_a_salt_that_is_not_printable_is_refused(salt):
    with pytest.raises(lottery.DrawError, match=r"^A salt has at most 200 printable characters and no line break.$"):
        lottery.key(SEED, 1, salt)


def test_a_seed_of_another_length_is_refused():
    with pytest.raises(lottery.DrawError, match=r"^A seed has 32 bytes, not 31.$"):
        lottery.key(SEED[1:], 1, "")
