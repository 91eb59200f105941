#!/usr/bin/env python3
"""Prints a database as it is under an earlier schema, with rows of every kind, as SQL.

Usage: dump_schema.py VERSION > schema-VERSION.sql

A dump is made once, when the next migration is added, and never again: it stands for the databases that were made by then.
"""

import hashlib
import pathlib
import sqlite3
import sys

MIGRATIONS = pathlib.Path(__file__).resolve().parents[3] / "Migrations"
NOW = 1_700_000_000_000
REPORT = (
    '{"bound":8,"class":"cats","clip":true,"height":48,"input_format":"png","input_sha256":"aa","linf":8,"luminance_only":false,'
    '"mode":"class-wise","model_sha256":"bb","output_sha256":"cc","psnr":33.25,"semantic_image_sha256":"dd","ssim":0.875,'
    '"strength":8,"width":64,"working_height":48,"working_width":64}'
)
SETTINGS = '{"clip":true,"mode":"class-wise","strength":8,"working_size":128}'
PASSED_OVER = '{"examples":["a.mov"],"reasons":{"video":1},"total":1}'
STATES = ["queued", "running", "done", "failed", "quarantined", "cancelled"]


def digest(text):
    return hashlib.sha256(text.encode()).digest()


def identifier(prefix, number):
    return f"{prefix}_{number:026d}"


def insert(database, table, **row):
    names = ", ".join(row)
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))


def image(database, job, number, state, tenant, **more):
    running, done, failed = state == "running", state == "done", state in ("failed", "quarantined")
    row = {
        "job": job,
        "number": number,
        "tenant": tenant,
        "label": "cats" if number % 2 else "dogs",
        "name": f"image-{number:04d}",
        "state": state,
        "input_sha256": digest(f"input {job} {number}"),
        "input_size": 1000 * number,
        "available_at": NOW,
        "attempt": 0 if state == "queued" else 2,
        "crashes": 2 if state == "quarantined" else 0,
        "lease_owner": "serve/abc/0" if running else None,
        "lease_until": NOW + 60_000 if running else None,
        "output_sha256": digest(f"output {job} {number}") if done else None,
        "output_size": 2000 if done else None,
        "output_crc32": 0xDEADBEEF if done else None,
        "report": REPORT if done else None,
        "failure_code": "image_corrupt" if failed else None,
        "failure_detail": "The picture is broken." if failed else None,
        "started_at": None if state == "queued" else NOW,
        "finished_at": None if state in ("queued", "running") else NOW + 5000,
    }
    insert(database, "images", **(row | more))


def job(database, seq, state, tenant, states, **more):
    ended = state in ("done", "failed", "cancelled")
    row = {
        "seq": seq,
        "id": identifier("job", seq),
        "tenant": tenant,
        "state": state,
        "settings": SETTINGS,
        "retention_ms": 86_400_000,
        "created_at": NOW + seq,
        "started_at": None if state == "queued" else NOW,
        "finished_at": NOW + 5000 if ended else None,
        "expires_at": NOW + 86_405_000 if ended else None,
    }
    row |= {f"{name}_count": states.count(name) for name in STATES}
    insert(database, "jobs", **(row | more))


def scopes(version, is_admin):
    own = "protect" if version < 4 else "read submit"
    return f"admin {own}" if is_admin else own


def fill(database, version):
    first, second = identifier("key", 1), identifier("key", 2)
    for number, (key, name, revoked) in enumerate([(first, "one", None), (second, "two", NOW + 1)], 1):
        insert(
            database, "api_keys", id=key, name=name, scopes=scopes(version, number == 1),
            hash=digest(f"secret {number}"), prefix=f"plm_{number}", family_seed=-number, created_at=NOW, revoked_at=revoked,
        )  # fmt: skip
    for index, (key, label) in enumerate([(first, "cats"), (first, "dogs"), (second, "cats"), (second, "dogs")]):
        insert(
            database, "semantic_images", tenant=key, label=label, generator_version=1 if version < 3 else 2,
            family_seed=7, class_index=index % 2, texture_seed=-index, created_at=NOW,
        )  # fmt: skip
    jobs = [
        (1, "running", first, STATES),
        (2, "queued", second, ["queued", "queued"]),
        (3, "done", first, ["done"]),
        (4, "failed", first, ["failed", "quarantined"]),
        (5, "cancelled", second, ["cancelled"]),
    ]
    for seq, state, tenant, states in jobs:
        job(database, seq, state, tenant, states)
        for number, image_state in enumerate(states, 1):
            image(database, seq, number, image_state, tenant)
    # Refused while it was received, so that there is no file.
    job(database, 6, "failed", first, ["failed"])
    without_class = {"label": ""} if version >= 10 else {}
    image(database, 6, 1, "failed", first, input_sha256=None, input_size=None, **without_class)
    # Expired: the row stays, its images are gone.
    job(database, 7, "done", first, ["done"], expired_at=NOW + 86_406_000)
    insert(database, "idempotency", tenant=first, key="k", fingerprint=digest("request"), job=3, created_at=NOW)
    if version >= 5:
        database.execute("UPDATE images SET pixels = 4 * coalesce(input_size, 0), turn = (SELECT created_at FROM jobs WHERE seq = job)")
        database.execute("UPDATE jobs SET turn = created_at, pixels = (SELECT coalesce(sum(pixels), 0) FROM images WHERE job = seq)")
    if version >= 7:
        database.execute("UPDATE jobs SET previews = 1 WHERE seq = 3")
        database.execute("UPDATE jobs SET recovery_key = ?, recovery_source = 'given' WHERE seq = 2", [digest("public key")])
        for kind in ("preview_after", "preview_before"):
            insert(
                database, "attachments", image=database.execute("SELECT id FROM images WHERE job = 3").fetchone()[0],
                kind=kind, sha256=digest(kind), size=100, crc32=0xDEADBEEF,
            )  # fmt: skip
    if version >= 2:
        for position in range(2):
            insert(
                database, "imported_semantic_images", tenant=first, label="dogs", position=position,
                sha256=digest(f"picture {position}"), size=300 + position, imported_at=NOW,
            )  # fmt: skip
    if version >= 9:
        insert(database, "picture_lists", id=1, tenant=first, label="dogs", is_current=1)
        # Of an import that the one of today has replaced.
        insert(database, "picture_lists", id=2, tenant=first, label="cats", is_current=0)
        for position in range(2):
            insert(database, "listed_pictures", list=1, position=position, sha256=digest(f"picture {position}"))
        insert(database, "listed_pictures", list=2, position=0, sha256=digest("former picture"))
        for seq, label, key in database.execute("SELECT DISTINCT job, label, tenant FROM images WHERE label <> ''").fetchall():
            picture_list = {("dogs", first): 1}.get((label, key)) or (2 if seq == 3 else None)
            insert(database, "job_classes", job=seq, label=label, list=picture_list)
    if version >= 10:
        database.execute("UPDATE images SET source = 'album/photo ' || number || '.jpg' WHERE job IN (1, 6)")
        database.execute("UPDATE jobs SET classes = '[]', passed_over = ? WHERE seq = 6", [PASSED_OVER])
    if version >= 11:
        insert(database, "clock", id=1, boot="an-earlier-start", offset_ms=NOW - 1000, seen_at=NOW)
    if version >= 13:
        database.execute("UPDATE images SET claim = ? WHERE state = 'running'", [digest("claim")[:16]])
        for state in ("done", "failed", "quarantined", "cancelled"):
            database.execute(f"UPDATE jobs SET {state}_endings = {state}_count WHERE expired_at IS NULL")
        database.execute("ALTER TABLE schema_migrations ADD COLUMN oldest_binary INTEGER")
        database.execute("UPDATE schema_migrations SET oldest_binary = version")
    if version >= 14:
        insert(database, "webhooks", tenant=first, url="https://example.com/", secret=digest("secret"), created_at=NOW)
        insert(
            database, "webhook_messages", id="msg_1", tenant=first, type="job.finished", data="{}", created_at=NOW,
            attempts=1, next_at=NOW + 5000, last_status=500,
        )  # fmt: skip


def main():
    version = int(sys.argv[1])
    database = sqlite3.connect(":memory:")
    database.execute(
        "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, sha256 BLOB NOT NULL, "
        "applied_at INTEGER NOT NULL) STRICT"
    )
    for number, path in enumerate(sorted(MIGRATIONS.glob("m*.sql"))[:version], 1):
        database.executescript(path.read_text())
        insert(
            database, "schema_migrations", version=number, name=path.stem,
            sha256=hashlib.sha256(path.read_bytes()).digest(), applied_at=NOW,
        )  # fmt: skip
    fill(database, version)
    database.commit()
    for line in database.iterdump():
        print(line)


main()
