"""Edge cases as curl sees them: authentication, limits, bad input, connections."""

import json
import os
import re
import signal
import socket
import struct
import subprocess
import zlib

import pytest
from service import BINARY, FIXTURES, ROOT, Service

PARROTS = FIXTURES / "parrots.jpg"


def problem(answer, status, code):
    """Asserts that the answer is a problem document with this status and code."""
    assert answer.status == status, answer
    assert answer.fields["content-type"] == "application/problem+json", answer
    document = answer.json
    assert (document["status"], document["code"]) == (status, code), answer
    assert document["title"] and document["detail"], answer
    return document


def upload(service, *arguments, query="?class=birds", type="image/jpeg"):
    return service.get(f"/v1/jobs{query}", "--header", f"Content-Type: {type}", *arguments)


def blobs(service):
    return sorted(name for _, _, names in os.walk(service.data / "blobs") for name in names)


def jobs(service):
    return service.get("/v1/jobs").json["jobs"]


# ---- Authentication ----


@pytest.mark.parametrize(
    "field", [None, "Bearer wrong", "Bearer", "Basic !!", "Basic d3Jvbmc6", "Digest x"]
)
def test_without_the_key_there_is_401(shared_service, field):
    arguments = [] if field is None else ["--header", f"Authorization: {field}"]
    answer = shared_service.curl("/v1/jobs", *arguments)
    problem(answer, 401, "key_missing" if field is None or field == "Digest x" else "key_invalid")
    assert "Bearer" in answer.fields["www-authenticate"]


def test_the_key_is_taken_as_bearer_and_as_user_name(shared_service):
    assert shared_service.curl("/v1/jobs", "--user", f"{shared_service.key}:").status == 200
    assert shared_service.curl("/v1/jobs", key=shared_service.key).status == 200


def test_an_upload_without_a_key_is_refused_before_its_body(shared_service, tmp_path):
    body = tmp_path / "big"
    with open(body, "wb") as file:
        file.truncate(300 << 20)
    answer = shared_service.curl("/v1/jobs?class=a", "--header", "Expect: 100-continue",
                                 "--upload-file", body,
                                 "--request", "POST")  # fmt: skip
    problem(answer, 401, "key_missing")


def test_health_needs_no_key(shared_service):
    assert shared_service.curl("/healthz").status == 200
    assert shared_service.curl("/readyz").status == 200


def test_the_contract_is_served_and_names_the_routes(shared_service):
    answer = shared_service.curl("/openapi.json")
    assert (answer.status, answer.fields["content-type"]) == (200, "application/json")
    assert answer.json == json.loads((ROOT / "Public/openapi.json").read_text())
    assert "/v1/jobs/{id}/archive.zip" in answer.json["paths"]


def test_metrics_are_served_on_a_bind_of_their_own(make_service):
    service = make_service("--metrics-bind", "127.0.0.1:0")
    upload(service, "--data-binary", f"@{PARROTS}", "--header", "Prefer: wait=60")
    ports = re.findall(r'"for":"metrics".*"port":"?(\d+)', service.log())
    metrics = service.curl(f"http://127.0.0.1:{ports[0]}/metrics")
    assert metrics.status == 200
    lines = metrics.body.decode().splitlines()
    assert 'palimpsest_images{state="done"} 1' in lines
    assert 'palimpsest_http_requests_total{method="POST",route="/v1/jobs",status="200"} 1' in lines
    assert service.curl("/metrics").status == 404


# ---- Not there ----


@pytest.mark.parametrize(
    "path",
    ["/v1/jobs/job_00000000000000000000000000", "/v1/jobs/nonsense",
    "/v1/jobs/nonsense/archive.zip",
             "/v1/jobs/nonsense/images/1.png", "/v1/nothing"]
)  # fmt: skip
def test_unknown_things_are_404(shared_service, path):
    answer = shared_service.get(path)
    assert answer.status == 404
    assert answer.fields["content-type"] == "application/problem+json"


def test_a_wrong_method_is_405_and_names_the_right_ones(shared_service):
    answer = shared_service.get("/v1/jobs", "--request", "PATCH")
    assert answer.status == 405
    assert {"GET", "POST"} <= set(answer.fields["allow"].replace(" ", "").split(","))


# ---- Bad input ----


def test_readiness_turns_before_the_listener_closes(make_service):
    service = make_service("--drain-delay-seconds", "4")
    service.process.send_signal(signal.SIGTERM)
    service.wait_for(lambda: service.curl("/readyz").status == 503, "/readyz to answer 503")
    assert service.get("/v1/jobs").status == 200
    assert service.process.wait(60) == 0


def test_bad_input_is_refused_and_leaves_nothing(shared_service):
    before = len(jobs(shared_service)), blobs(shared_service)
    photo = ["--data-binary", f"@{PARROTS}"]
    cases = [
        ("", "image/jpeg", photo, 400, "class_missing"),
        ("?class=.hidden", "image/jpeg", photo, 400, "class_invalid"),
        ("?class=a%2Fb", "image/jpeg", photo, 400, "class_invalid"),
        ("?class=a&strength=0", "image/jpeg", photo, 400, "strength_invalid"),
        ("?class=a&strength=eight", "image/jpeg", photo, 400, "strength_invalid"),
        ("?class=a&mode=other", "image/jpeg", photo, 400, "mode_invalid"),
        ("?class=a&clip=perhaps", "image/jpeg", photo, 400, "clip_invalid"),
        ("?class=a&clip=1", "image/jpeg", photo, 400, "clip_invalid"),
        ("?class=a&class=b", "image/jpeg", photo, 400, "parameter_repeated"),
        ("?class=a&working_size=63", "image/jpeg", photo, 400, "working_size_invalid"),
        ("?class=a&mask=None", "image/jpeg", photo, 400, "mask_invalid"),
        ("?class=a&model=other", "image/jpeg", photo, 400, "model_unknown"),
        ("?class=a&klass=b", "image/jpeg", photo, 400, "parameter_unknown"),
        ("?class=a", "text/plain", photo, 415, "media_type_unsupported"),
        ("?class=a", "application/json", ["--data", "{}"], 415, "media_type_unsupported"),
        ("?class=a", "image/jpeg", ["--data-binary", ""], 400, "job_empty"),
        ("?class=a", "multipart/form-data", photo, 400, "multipart_malformed"),
        ("?class=a", "multipart/form-data; boundary=x", photo, 400, "multipart_malformed"),
    ]
    for query, type, arguments, status, code in cases:
        problem(upload(shared_service, *arguments, query=query, type=type), status, code)
    forms = [
        (["--form", f"file=@{PARROTS}"], 400, "class_missing"),
        (["--form", f"file=@{PARROTS}", "--form", "strength=4"], 400, "class_missing"),
        (
            ["--form", f"file=@{PARROTS}", "--form", "class=birds", "--form", "mask=strong"],
            400,
            "mask_invalid",
        ),
        (["--form", "class=birds"], 400, "job_empty"),
        (["--form", "class=../birds", "--form", f"file=@{PARROTS}"], 400, "class_invalid"),
    ]
    for arguments, status, code in forms:
        problem(shared_service.get("/v1/jobs", *arguments), status, code)
    assert (len(jobs(shared_service)), blobs(shared_service)) == before


def test_a_refusal_names_the_field_and_what_was_meant(shared_service, tmp_path):
    before = len(jobs(shared_service)), blobs(shared_service)
    photo = ["--data-binary", f"@{PARROTS}"]
    huge = tmp_path / "huge"
    huge.write_bytes(b"x" * 5000)
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    known = (
        "The parameters are class, mode, strength, clip, working_size, mask, metadata, "
        "format, quality, chroma, max_side, model, method_settings, force, priority, preview and name."
    )
    uploads = [
        (
            "?class=a&strenght=16",
            "parameter_unknown",
            f"There is no parameter 'strenght'; did you mean 'strength'? {known}",
        ),
        (
            "?class=a&workingSize=64",
            "parameter_unknown",
            f"There is no parameter 'workingSize'; did you mean 'working_size'? {known}",
        ),
        ("?class=a&zzz=1", "parameter_unknown", f"There is no parameter 'zzz'. {known}"),
        (
            "?class=a&a%1Bb%E2%80%AEc=1",
            "parameter_unknown",
            f"There is no parameter 'a\ufffdb\ufffdc'. {known}",
        ),
        (
            f"?class=a&{'y' * 300}=1",
            "parameter_unknown",
            f"There is no parameter '{'y' * 60}…'. {known}",
        ),
        (
            "?mode=class-wise&class=a&mode=class-wise",
            "parameter_repeated",
            "The parameter 'mode' is in the query more than once; give it once.",
        ),
    ]
    for query, code, detail in uploads:
        assert problem(upload(shared_service, *photo, query=query), 400, code)["detail"] == detail
    at = "With curl put an @ before the path: -F file=@photo.jpg"
    forms = [
        # A photo without its @, under common field names and under an arbitrary one.
        (["class=a", "file=photo.jpg"], "parameter_unknown", ["'file'", at]),
        (["class=a", "Photos[]=x"], "parameter_unknown", ["'Photos[]'", at]),
        (["class=a", f"holiday={PARROTS}"], "parameter_unknown", ["'holiday'", at]),
        (
            ["class=a", "strenght=16"],
            "parameter_unknown",
            ["'strenght'", "did you mean 'strength'?"],
        ),
        (["class=a", f"mode=<{huge}"], "field_too_large", ["'mode'"]),
        (["class=a", f"portrait=<{binary}"], "field_malformed", ["'portrait'"]),
        (["class=a", f'portrait=@{PARROTS};filename=""'], "file_unnamed", ["'portrait'"]),
    ]
    for fields, code, words in forms:
        arguments = [part for field in fields for part in ("--form", field)]
        detail = problem(shared_service.get("/v1/jobs", *arguments), 400, code)["detail"]
        assert all(word in detail for word in words) and (at in detail) == (at in words), detail
    detail = problem(shared_service.get("/v1/jobs?limt=5"), 400, "parameter_unknown")["detail"]
    assert detail.startswith(
        "There is no parameter 'limt'; did you mean 'limit'? The parameters are cursor"
    )
    for path, status, code, what_to_do in [
        ("/v1/jobs?cursor=x", 400, "cursor_invalid", "leave it out to begin with the first page"),
        (
            f"/v1/jobs?{'x' * 9000}",
            414,
            "request_line_too_long",
            "send fewer or shorter parameters",
        ),
    ]:
        assert what_to_do in problem(shared_service.get(path), status, code)["detail"]
    made = upload(shared_service, *photo, query="?class=a").json["id"]
    detail = problem(
        shared_service.get(f"/v1/jobs/{made}/cancel?image=1", "--request", "POST"),
        400,
        "parameter_unknown",
    )["detail"]
    assert detail == "There is no parameter 'image': this resource has none."
    # A result that arrives after its job was erased stays until the next cleanup.
    shared_service.finished(f"/v1/jobs/{made}")
    assert shared_service.get(f"/v1/jobs/{made}", "--request", "DELETE").status == 204
    assert (len(jobs(shared_service)), blobs(shared_service)) == before
    body = json.dumps({"name": "a", "scopes": ["read"], "nmae": "b"})
    detail = (
        problem(shared_service.get("/v1/keys", "--json", body), 400, "member_unknown")["detail"]
    )
    assert detail.startswith(
        "There is no member 'nmae'; did you mean 'name'? The members are name, scopes, quotas, "
    )


def test_a_photo_that_is_put_is_told_how_it_is_posted(shared_service):
    # As curl sends it to a path, and to one ending in a slash, to which it appends the file name.
    put = shared_service.get("/v1/jobs?class=a", "--upload-file", str(PARROTS))
    assert put.fields["allow"] == "GET, HEAD, OPTIONS, POST"
    assert problem(put, 405, "method_not_allowed")["detail"] == (
        "This path takes GET, HEAD, OPTIONS and POST, not PUT. Send a file by POST: with curl by "
        "--data-binary @FILE, where -T FILE means PUT."
    )
    put = shared_service.get("/v1/jobs/", "--upload-file", str(PARROTS))
    detail = problem(put, 405, "method_not_allowed")["detail"]
    assert detail.startswith(
        "This path takes DELETE, GET, HEAD and OPTIONS, not PUT. Send a file by POST to the path "
        "without its last part"
    )
    detail = problem(
        shared_service.get("/v1/jobs", "--request", "DELETE"), 405, "method_not_allowed"
    )["detail"]
    assert detail == "This path takes GET, HEAD, OPTIONS and POST, not DELETE."
    detail = problem(shared_service.get("/v1/jobs", "--request", "BREW"), 501, "method_unknown")[
        "detail"
    ]
    assert detail == "This server does not know the method BREW."
    assert problem(shared_service.get("/v1/jobs/"), 404, "not_found")["detail"].endswith(
        "Leave out the slash at its end."
    )
    assert (
        problem(shared_service.get("/v1/nothing/"), 404, "not_found")["detail"]
        == "There is nothing at this path."
    )


def test_files_that_are_no_photos_fail_each_with_its_own_error(shared_service, tmp_path):
    text = tmp_path / "text.jpg"
    text.write_text("not a picture")
    gif = tmp_path / "moving.gif"
    gif.write_bytes(b"GIF89a" + bytes(100))
    huge = tmp_path / "huge.png"
    huge.write_bytes(huge_png_header())
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(PARROTS.read_bytes()[:4000])
    arguments = ["--form", "class=a"]
    for path in (text, gif, huge, cut):
        arguments += ["--form", f"file=@{path}"]
    answer = shared_service.get("/v1/jobs", *arguments)
    assert answer.status == 202, answer
    job = shared_service.finished(f"/v1/jobs/{answer.json['id']}")
    assert job["state"] == "failed"
    codes = {failure["name"]: failure["error"]["code"] for failure in job["failures"]}
    assert codes == {
        "text": "image_unsupported", "moving": "image_unsupported",
        "huge": "image_too_large", "cut": "image_truncated",
    }  # fmt: skip
    named = {failure["name"]: failure["error"]["detail"] for failure in job["failures"]}
    assert "gif" in named["moving"].lower()
    answer = shared_service.get(f"/v1/jobs/{job['id']}/archive.zip")
    problem(answer, 409, "job_failed")


def huge_png_header():
    header = b"IHDR" + struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", 13)
        + header
        + struct.pack(">I", zlib.crc32(header))
        + bytes(64)
    )


def test_limits_of_bytes_and_of_images(make_service, tmp_path):
    service = make_service(
        "--max-body-bytes", "40000", "--max-image-bytes", "10000", "--max-images-per-job", "3"
    )
    big = tmp_path / "big"
    big.write_bytes(bytes(12_000))
    bigger = tmp_path / "bigger"
    bigger.write_bytes(bytes(50_000))

    problem(upload(service, "--data-binary", f"@{bigger}"), 413, "body_too_large")
    problem(upload(service, "--data-binary", f"@{big}"), 413, "image_too_large")
    chunked = ["--header", "Transfer-Encoding: chunked"]
    problem(upload(service, *chunked, "--data-binary", f"@{big}"), 413, "image_too_large")
    form = ["--form", "class=a"] + ["--form", f"file=@{big}"] * 4
    problem(service.get("/v1/jobs", *form), 413, "body_too_large")
    form = ["--form", "class=a"] + ["--form", f"file=@{PARROTS}"] * 4
    problem(service.get("/v1/jobs", *form), 413, "images_too_many")
    assert jobs(service) == [] and blobs(service) == []

    # In a form, only the oversized file fails, as that image's own error.
    form = [
        "--form", "class=a", "--form", f"file=@{PARROTS}", "--form", f"file=@{big};filename=big.jpg"
    ]
    answer = service.get("/v1/jobs", *form)
    assert answer.status == 202, answer
    job = service.finished(f"/v1/jobs/{answer.json['id']}")
    assert (job["state"], job["counts"]["done"]) == ("done", 1)
    assert [(failure["name"], failure["error"]["code"]) for failure in job["failures"]] == [
        ("big", "image_too_large")
    ]


def test_a_disk_that_is_low_refuses_uploads_with_507(tmp_path, weights):
    service = Service(tmp_path / "data", weights, ["--min-free-bytes", str(1 << 50)])
    try:
        service.start(ready=False)
        problem(upload(service, "--data-binary", f"@{PARROTS}"), 507, "disk_low")
        problem(service.curl("/readyz"), 503, "disk_low")
        assert service.get("/v1/jobs").status == 200
    finally:
        service.kill()


# ---- Raw uploads ----


def test_a_raw_upload_is_named_by_query_or_disposition_or_number(shared_service):
    def name(*arguments, query="?class=a"):
        answer = upload(shared_service, "--data-binary", f"@{PARROTS}", *arguments, query=query)
        assert answer.status == 202, answer
        path = f"/v1/jobs/{answer.json['id']}"
        shared_service.finished(path)
        (image,) = shared_service.get(f"{path}/images").json["images"]
        return image["name"], image["file"]

    disposition = "Content-Disposition: attachment; filename*=UTF-8''gar%C3%A7on.jpg"
    assert name(query="?class=a&name=holiday.jpeg") == ("holiday", "a/holiday.png")
    assert name("--header", disposition)[0] == "garçon"
    assert name() == ("image-0001", "a/image-0001.png")


def test_equal_names_are_numbered_and_strange_ones_made_safe(shared_service, tmp_path):
    form = ["--form", "class=a"]
    for name in ("same.jpg", "same.png", "../../etc/passwd"):
        form += ["--form", f"file=@{PARROTS};filename={name}"]
    answer = shared_service.get("/v1/jobs", *form)
    path = f"/v1/jobs/{answer.json['id']}"
    shared_service.finished(path)
    files = [image["file"] for image in shared_service.get(f"{path}/images").json["images"]]
    assert files[:2] == ["a/same.png", "a/same-2.png"]
    assert re.fullmatch(r"a/[^/]*passwd\.png", files[2]), files


def test_prefer_wait_answers_with_the_finished_job(shared_service):
    answer = upload(shared_service, "--data-binary", f"@{PARROTS}", "--header", "Prefer: wait=60")
    assert answer.status == 200, answer
    assert answer.json["state"] == "done"
    assert answer.fields["preference-applied"] == "wait"


def test_the_same_idempotency_key_is_the_same_job(shared_service):
    key = ["--header", 'Idempotency-Key: "once-only"']
    first = upload(shared_service, "--data-binary", f"@{PARROTS}", *key)
    second = upload(shared_service, "--data-binary", f"@{PARROTS}", *key)
    assert (first.status, second.status) == (202, 202)
    assert first.json["id"] == second.json["id"]
    assert second.fields["idempotent-replayed"] == "true"
    other = upload(shared_service, "--data-binary", f"@{FIXTURES / 'plane.jpg'}", *key)
    problem(other, 422, "idempotency_key_reused")


def test_the_list_is_paged_newest_first(make_service):
    service = make_service()
    made = []
    for _ in range(5):
        made.append(upload(service, "--data-binary", f"@{PARROTS}").json["id"])
    seen, path = [], "/v1/jobs?limit=2"
    while path:
        page = service.get(path).json
        assert len(page["jobs"]) <= 2
        seen += [job["id"] for job in page["jobs"]]
        path = f"/v1/jobs?limit=2&cursor={page['next_cursor']}" if page.get("next_cursor") else None
    assert seen == made[::-1]
    problem(service.get("/v1/jobs?cursor=-1"), 400, "cursor_invalid")


def test_an_archive_before_the_end_is_409_or_partial(make_service):
    service = make_service("--workers", "1")
    form = ["--form", "class=a"] + ["--form", f"file=@{PARROTS}"] * 40
    path = f"/v1/jobs/{service.get('/v1/jobs?working_size=1024', *form).json['id']}"
    problem(service.get(f"{path}/archive.zip"), 409, "job_unfinished")
    assert service.get(f"{path}/archive.zip?partial=true").status == 200
    # An unknown parameter is refused, not ignored.
    problem(service.get(f"{path}/cancel?image=1", "--request", "POST"), 400, "parameter_unknown")
    problem(service.get(f"{path}?image=1", "--request", "DELETE"), 400, "parameter_unknown")
    assert service.get(path).json["counts"]["cancelled"] == 0
    cancelled = service.get(f"{path}/cancel", "--request", "POST")
    assert cancelled.status == 200 and cancelled.json["counts"]["cancelled"] > 0, cancelled
    counts = service.finished(path)["counts"]
    assert counts["queued"] == counts["running"] == 0


# ---- Connections ----


def test_a_connection_is_kept_and_100_continue_is_given(shared_service):
    url = shared_service.url("/v1/jobs?class=a")
    authorization = f"Authorization: Bearer {shared_service.key}"
    one = [
        "--silent", "--output", "/dev/null", "--header", authorization,
        "--write-out", "%{http_code}\n",
    ]  # fmt: skip
    upload_one = [*one, "--header", "Expect: 100-continue", "--header", "Content-Type: image/jpeg",
                  "--data-binary", f"@{PARROTS}", url]  # fmt: skip
    command = [
        "curl", "--verbose", *upload_one, "--next", *upload_one, "--next", *one,
        shared_service.url("/v1/jobs"),
    ]  # fmt: skip
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert result.stdout.split() == ["202", "202", "200"]
    assert result.stderr.count("< HTTP/1.1 100 Continue") == 2
    assert result.stderr.count("Connected to") == 1, "the connection was not kept"


def test_an_upload_that_breaks_off_leaves_nothing(make_service):
    service = make_service()
    head = (
        "POST /v1/jobs?class=a HTTP/1.1\r\n"
        "Host: localhost\r\nContent-Type: image/jpeg\r\n"
        "Content-Length: 100000\r\n"
        f"Authorization: Bearer {service.key}\r\n"
        "\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head.encode() + bytes(50_000))
        service.wait_for(lambda: spooled(service), "the upload to be under way")
    service.wait_for(lambda: not spooled(service), "the spooled bytes to be removed")
    assert jobs(service) == [] and blobs(service) == []


def spooled(service):
    """Files in the data folder other than the database and the server's own."""
    own = ("palimpsest.sqlite", "admin-key", "signing-key", "node", "lock", "reserve")
    return [
        name for _, _, names in os.walk(service.data) for name in names if not name.startswith(own)
    ]


def plain_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("PALIMPSEST_")}


def test_a_data_folder_that_cannot_be_used_is_named_with_the_reason(tmp_path, weights):
    (tmp_path / "file").touch()
    for data, reason in (("file", "Not a directory"), ("none/data", "No such file or directory")):
        result = subprocess.run(
            [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / data, "--weights",
            weights],
            capture_output=True, text=True, timeout=60, check=False, env=plain_environment(),
        )  # fmt: skip
        assert result.returncode == 1
        assert (
            f"The data folder {tmp_path / data} cannot be" in result.stderr
            and reason in result.stderr
        )


def test_a_protected_file_that_is_lost_is_500_before_any_of_it_is_sent(make_service):
    service = make_service()
    answer = upload(service, "--data-binary", f"@{PARROTS}", "--header", "Prefer: wait=60")
    assert answer.status == 200, answer
    path = answer.fields["location"]
    digest = service.get(f"{path}/images/1/report").json["output_sha256"]
    assert service.get(f"{path}/archive.zip").status == 200
    (service.data / "blobs" / digest[:2] / digest).unlink()
    for place in ("archive.zip", "images/1.png"):
        problem(service.get(f"{path}/{place}"), 500, "storage_missing")
        assert service.get(f"{path}/{place}", "--head").status == 500
    lines = [json.loads(line) for line in service.log().splitlines()]
    lost = [line for line in lines if line.get("blob.sha256") == digest]
    assert lost and lost[0]["job.id"] == path.rpartition("/")[2]


def test_configuration_faults_are_reported_together(tmp_path, weights):
    environment = plain_environment() | {
        "PALIMPSEST_MAX_BODY_BYTES": "lots", "PALIMPSEST_WORKERSS": "2"
    }
    result = subprocess.run(
        [BINARY, "serve", "--bind", "nowhere", "--data", tmp_path / "data", "--weights", weights],
        capture_output=True, text=True, env=environment, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode != 0
    for word in ("--bind", "PALIMPSEST_MAX_BODY_BYTES", "PALIMPSEST_WORKERSS"):
        assert word in result.stderr
    assert not (tmp_path / "data").exists()


def test_a_start_without_weights_says_so(tmp_path):
    for weights, words in (
        (
            tmp_path / "none.safetensors",
            "deep-hiding.safetensors must lie at ../share/palimpsest/ from the binary",
        ),
        (PARROTS, "is not a safetensors weights file"),
    ):
        result = subprocess.run(
            [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data", "--weights",
            weights],
            capture_output=True, text=True, timeout=60, check=False, env=plain_environment(),
        )  # fmt: skip
        assert result.returncode == 1
        assert words in result.stderr, result.stderr
        assert str(weights) in result.stderr and "Usage:" not in result.stderr
        # Tried once: further attempts would fail the same way.
        assert len(result.stderr.splitlines()) == 1
        assert (tmp_path / "data").exists() == (weights == PARROTS)


def test_check_config_prints_what_serve_would_use():
    command = [BINARY, "check-config", "--max-connections", "7"]
    variables = {"PALIMPSEST_MAX_BODY_BYTES": "70000000", "PALIMPSEST_DATA": "/srv/a b"}
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={**plain_environment(), **variables},
        check=True,
    )
    lines = result.stdout.splitlines()
    assert (
        {
            "PALIMPSEST_MAX_CONNECTIONS=7",
            "PALIMPSEST_MAX_BODY_BYTES=70000000",
            "PALIMPSEST_DATA=/srv/a b",
            "#PALIMPSEST_TLS_KEY=",
        }
        <= set(lines)
    )
    # Its output is valid input.
    settings = dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    again = subprocess.run(
        [BINARY, "check-config"],
        capture_output=True,
        text=True,
        env={**plain_environment(), **settings},
        check=True,
    )
    assert again.stdout == result.stdout
    wrong = subprocess.run(
        [*command, "--bind", "nowhere"],
        capture_output=True,
        text=True,
        env=plain_environment(),
        check=False,
    )
    assert wrong.returncode == 2 and "--bind must be" in wrong.stderr and wrong.stdout == ""
