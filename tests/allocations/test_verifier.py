"""The file alone verifies a draw, and says in one sentence what is wrong with a forged one."""

import copy
import json
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest
import time_machine
from django.db import transaction
from django.test.utils import override_settings

from allocations import draw as lottery
from tests.allocations.published import SALT, ZONE, download
from tests.conftest import DOCUMENT_TIME

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
    assert sentence.isascii()
    assert sentence.isprintable()
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


def test_what_is_no_text_of_a_manifest_is_not_repeated():
    """Python reads a number with a line break at its side."""
    forged = MANIFEST.replace(b"entry\t201", b"entry\t\r200")
    assert complaint(manifest=forged) == "Manifest line 20: entry 200 is there twice."


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


# ---- what is downloaded of a draw held over HTTP ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def downloaded(django_db_setup, django_db_blocker):
    """The exact bytes by the name of the file; what they were made of is rolled back."""
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    campus = override_settings(PASSWORD_HASHERS=hashers, CSPACE_TIME_ZONE=ZONE)
    clock_stands = time_machine.travel(DOCUMENT_TIME, tick=False)
    with django_db_blocker.unblock(), campus, clock_stands, transaction.atomic():
        files = download()
        transaction.set_rollback(True)
    return files


@pytest.fixture
def published(downloaded, db):
    return downloaded


@pytest.fixture
def said(published):
    """draw.json, to be forged."""
    return json.loads(published["draw.json"])


@pytest.fixture
def about(published):
    """What the verifier says of another draw.json to the downloaded manifest, without the result."""

    def about(record):
        data = record if isinstance(record, bytes) else json.dumps(record).encode()
        return complaint(manifest=published["manifest.tsv"], record=data, result=None)

    return about


def verified(published, record):
    return lottery.verify(published["manifest.tsv"], json.dumps(record).encode())


def test_what_is_downloaded_tells_of_everything(published, said):
    """Or else the tests below would leave something unread."""
    lines = [line.split("\t") for line in published["manifest.tsv"].decode().splitlines()]
    assert {line[0] for line in lines[1:]} == {"event", "param", "weight", "closed", "booked", "entry"}
    assert {line[9] for line in lines if line[0] == "entry"} == {"A", "P", "R"}
    assert said["salt"] == SALT
    assert said["params"] == {
        "balance": "minutes", "conflict": "skip", "max_wins": 3, "min_percent": 25, "tie": "ticket",
    }  # fmt: skip
    assert said["statistics"] == {
        "total_registrations": 14,
        "successful_allocations": 7,
        "failed_allocations": 7,
        "groups": 4,
        "groups_served": 4,
        "weekly_minutes_wished": 945,
        "weekly_minutes_given": 465,
        "occurrences": 25,
        "reasons": {
            "LOST": 2, "MAX_WINS": 2, "OTHER_CHOICE_WON": 1, "REJECTED_BY_ADMIN": 1, "UNAVAILABLE": 1,
        },
    }  # fmt: skip
    assert sorted((row["occurrences"], row["skipped"]) for row in said["winners"]) == [(2, 2), (3, 1), *[(4, 0)] * 5]
    assert [row["position"] for row in said["winners"]] == [0, 1, 2, 3, 4, 5, 6]
    assert [row["place"] for row in said["group_order"]] == [1, 2, 3, 4]


def test_what_is_downloaded_verifies_in_an_empty_folder(published, tmp_path):
    for name in ("draw.py", "manifest.tsv", "draw.json"):
        (tmp_path / name).write_bytes(published[name])
    agreed = (0, b"The draw is as published: 7 won, 7 did not.\n", "")
    assert run(tmp_path, "verify", "manifest.tsv", "draw.json") == agreed
    (tmp_path / "result.tsv").write_bytes(published["result.tsv"])
    assert run(tmp_path, "verify", "manifest.tsv", "draw.json", "result.tsv") == agreed


@pytest.mark.parametrize(
    ("name", "file"), [("manifest", "manifest.tsv"), ("record", "draw.json"), ("result", "result.tsv")]
)
def test_every_byte_that_is_downloaded_counts(published, name, file):
    """Each replaced by its neighbour, so that digits stay digits, and by a blank, which JSON may take for nothing."""
    original = published[file]
    files = {"manifest": published["manifest.tsv"], "record": published["draw.json"], "result": None}
    for at, byte in enumerate(original):
        for other in (byte ^ 1, ord("0") if byte == ord(" ") else ord(" ")):
            complaint(**files | {name: original[:at] + bytes([other]) + original[at + 1 :]})


def test_a_swapped_winner_is_named(said, about):
    winners = said["winners"]
    one, other = winners[3]["registration_id"], winners[4]["registration_id"]
    winners[3]["registration_id"], winners[4]["registration_id"] = other, one
    assert about(said) == f"draw.json says winners[3].registration_id is {other}, but the draw gives {one}."
    winners[3]["registration_id"], winners[4]["registration_id"] = one, other
    winners[1], winners[2] = winners[2], winners[1]
    assert about(said) == "draw.json says winners[1].position is 2, but the draw gives 1."


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        (lambda said: said["group_order"].clear(), "draw.json does not have group_order[0], but the draw gives it."),
        (lambda said: said["winners"].pop(), "draw.json does not have winners[6], but the draw gives it."),
        (lambda said: said["winners"].append({}), "draw.json has winners[7], but the draw does not give it."),
        (lambda said: said["winners"].insert(6, []),
         "draw.json says winners[6] is a list, but the draw gives an object."),
        (lambda said: said["winners"][2].pop("skipped"),
         "draw.json does not have winners[2].skipped, but the draw gives it."),
        (lambda said: said["winners"][2].update({"a\nb": 1}),
         r"draw.json has winners[2].a\nb, but the draw does not give it."),
        (lambda said: said["group_order"][1].update(place=3),
         "draw.json says group_order[1].place is 3, but the draw gives 2."),
        (lambda said: said["params"].update(tie="spread"),
         'draw.json says params.tie is "spread", but the draw gives "ticket".'),
        (lambda said: said["params"].update(max_wins=0), "draw.json says params.max_wins is 0, but the draw gives 3."),
        (lambda said: said["params"].update(luck=1), "draw.json has params.luck, but the draw does not give it."),
        (lambda said: said["statistics"].update(groups=5),
         "draw.json says statistics.groups is 5, but the draw gives 4."),
        (lambda said: said["statistics"]["reasons"].pop("LOST"),
         "draw.json does not have statistics.reasons.LOST, but the draw gives it."),
        (lambda said: said["statistics"].update(occurrences=24),
         "draw.json says statistics.occurrences is 24, but the draw gives 25."),
        (lambda said: said.update(statistics=None), "draw.json says statistics is null, but the draw gives an object."),
        (lambda said: said.update(winners={}), "draw.json says winners is an object, but the draw gives a list."),
        (lambda said: said.update(lottery=[]), "draw.json has 'lottery', which cspace-draw/v1 does not know."),
        (lambda said: said.update({"\ud800": 0}), r"draw.json has '\ud800', which cspace-draw/v1 does not know."),
        (lambda said: said.update(key=None), "draw.json must give key as 64 lower-case hexadecimal digits."),
    ],
)  # fmt: skip
def test_what_else_is_forged_is_named(said, about, forge, sentence):
    forge(said)
    assert about(said) == sentence


def test_a_number_of_another_type_is_another_value(said, about):
    said["winners"][0]["position"] = False
    assert about(said) == "draw.json says winners[0].position is false, but the draw gives 0."
    said["winners"][0]["position"] = 0.0
    assert about(said) == "draw.json says winners[0].position is 0.0, but the draw gives 0."
    said["winners"][0]["position"] = "0"
    assert about(said) == 'draw.json says winners[0].position is "0", but the draw gives 0.'


def test_occurrences_moved_between_winners_are_noticed(said, about):
    """Nobody takes place more often than its dates are kept."""
    kept, cut = (next(row for row in said["winners"] if row["skipped"] == skipped) for skipped in (0, 2))
    kept["occurrences"], kept["skipped"] = 3, 1
    cut["occurrences"], cut["skipped"] = 3, 1
    place = said["winners"].index(cut)
    assert about(said) == f"draw.json says winners[{place}].occurrences is 3, but the draw gives 2."


def test_only_the_campus_clock_is_believed(published, said, about):
    """One date less, skipped and not counted: a gap of the clock, for all that the files say."""
    row, total = said["winners"][1], said["statistics"]["occurrences"]
    held, skipped = row["occurrences"], row["skipped"]
    row["occurrences"] = held - 1
    assert about(said) == f"draw.json says winners[1].skipped is {skipped}, but the draw gives {skipped + 1}."
    row["skipped"] = skipped + 1
    assert about(said) == f"draw.json says statistics.occurrences is {total}, but the draw gives {total - 1}."
    said["statistics"]["occurrences"] = total - 1
    assert len(verified(published, said).wins) == 7
    # Whoever does not tell the winners can only be asked for a sum that is possible.
    del said["winners"]
    assert len(verified(published, said).wins) == 7
    said["statistics"]["occurrences"] = 27
    assert about(said) == "draw.json says statistics.occurrences is 27, but the draw gives 26."


@pytest.mark.parametrize(("number", "shown"), [(-1, "-1"), (5, "5"), (False, "false"), (2.0, "2.0"), (None, "null")])
def test_the_campus_clock_leaves_a_whole_number(said, about, number, shown):
    """Also where the skipped dates and the sum are forged to fit."""
    row = next(row for row in said["winners"] if row["skipped"] == 0)
    row["occurrences"], row["skipped"] = number, 4 - (number or 0)
    said["statistics"]["occurrences"] += (number or 0) - 4
    place = said["winners"].index(row)
    assert about(said) == f"draw.json says winners[{place}].occurrences is {shown}, but the draw gives 4."


@pytest.mark.parametrize("name", ["algorithm", "key", "params", "group_order", "winners", "statistics"])
def test_what_repeats_the_draw_may_be_left_out(published, said, name):
    del said[name]
    assert len(verified(published, said).wins) == 7


def test_a_name_that_is_there_twice_is_refused(published, about):
    record = published["draw.json"]
    assert about(record.replace(b"{", b'{"salt":"",', 1)) == "draw.json has 'salt' twice in one object."
    assert about(record.replace(b'"place":1', b'"place":1,"place":1')) == "draw.json has 'place' twice in one object."


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(published, about, constant):
    record = published["draw.json"].replace(b'"max_wins":3', f'"max_wins":{constant}'.encode())
    assert about(record) == f"draw.json is no JSON: {constant} is no number."


def test_what_is_too_great_for_a_number_is_none(published, about):
    record = published["draw.json"].replace(b'"max_wins":3', b'"max_wins":3e400')
    assert about(record) == "draw.json says params.max_wins is Infinity, but the draw gives 3."


def places(value):
    """(container, key) of everything in JSON."""
    for name, part in value.items() if isinstance(value, dict) else enumerate(value):
        yield value, name
        if isinstance(part, dict | list):
            yield from places(part)


@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, 1e400, 10**4000, "", "\ud800\n", [], [{}], {}, {"": [None]}])
def test_no_value_of_another_type_is_taken(said, about, wrong):
    for container, name in list(places(said)):
        right, container[name] = container[name], copy.copy(wrong)
        about(said)
        container[name] = right


def test_bytes_that_are_no_draw_at_all_get_a_sentence(published, about):
    record = published["draw.json"]
    for depth in (1, 10, 100, 900, 990, 5_000, 100_000):
        for opened, closed in ((b"[", b"]"), (b'{"a":', b"}")):
            deep = opened * depth + b"0" + closed * depth
            about(deep)
            about(record.replace(b'"max_wins":3', b'"max_wins":' + deep))
    for garbage in (
        b"",
        b"\xff",
        b"\xef\xbb\xbf" + record,
        record[:-1],
        record + b"0",
        record.decode().encode("utf-16"),
    ):
        about(garbage)
    about(record.replace(b'"max_wins":3', b'"max_wins":' + b"3" * 5_000))
    about(b'["' + record + b'"]')


def test_the_file_alone_refuses_in_one_line(published, tmp_path):
    (tmp_path / "draw.py").write_bytes(published["draw.py"])
    (tmp_path / "manifest.tsv").write_bytes(published["manifest.tsv"])
    record = published["draw.json"]
    for forged, sentence in (
        (
            record.replace(b'"max_wins":3', b'"max_wins":4'),
            "draw.json says params.max_wins is 4, but the draw gives 3.",
        ),
        (record.replace(b'"params":{', b'"params":' + b"[" * 100_000), "draw.json is no JSON: "),
        (record.replace(b'"params":{', b'"params":{"\xff":0,'), "draw.json is no JSON: "),
    ):
        (tmp_path / "draw.json").write_bytes(forged)
        code, out, err = run(tmp_path, "verify", "manifest.tsv", "draw.json")
        assert (code, out, err.startswith(sentence), err.count("\n")) == (1, b"", True, 1)
