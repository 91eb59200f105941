"""The short campaign; `make test-cluster` is the long one."""

import kills
from nodes import Cluster


def test_kills(tmp_path):
    print(kills.kills(Cluster(tmp_path), 15, seed=1, may_freeze=False, report=print))
