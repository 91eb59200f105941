"""The short campaign; `make test-cluster` is the long one."""

import kills


def test_kills(tmp_path):
    print(kills.kills(tmp_path, 15, seed=1, may_freeze=False, report=print))
