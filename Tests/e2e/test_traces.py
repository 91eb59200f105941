"""A client's trace in the log."""

import json

TRACE = "0af7651916cd43dd8448eb211c80319c"


def test_a_traceparent_is_logged_and_a_malformed_one_is_ignored(make_service):
    service = make_service()
    for value in (f"00-{TRACE}-b7ad6b7169203331-01", f"00-{TRACE}-0000000000000000-01"):
        answer = service.curl("/version", "--header", f"traceparent: {value}")
        assert answer.status == 200 and set(answer.json) == {"version", "commit"}
    lines = [json.loads(line) for line in service.log().splitlines() if '"/version"' in line]
    assert [line.get("trace.id") for line in lines] == [TRACE, None]
    assert lines[0]["trace.parent_id"] == "b7ad6b7169203331"
