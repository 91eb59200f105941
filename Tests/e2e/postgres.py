"""A PostgreSQL server of the tests' own, by scripts/with-postgres."""

import itertools
import subprocess

from service import ROOT


class Postgres:
    """A server with an empty database, which ends with its standard input."""

    def __init__(self):
        self.numbers = itertools.count(1)
        show = (
            'echo "$PALIMPSEST_TEST_POSTGRES"; echo "$PALIMPSEST_TEST_POSTGRES_CONTROL"; exec cat'
        )
        self.process = subprocess.Popen(
            [ROOT / "scripts/with-postgres", "sh", "-c", show],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = self.process.stdout.readline().strip()
        self.controller = self.process.stdout.readline().strip()
        assert self.url, "PostgreSQL does not start; scripts/install-packages test installs it"

    def database(self):
        """The URL of a database of its own: a schema, which the service makes."""
        return f"{self.url}&schema=e2e_{next(self.numbers)}"

    def run(self, database, sql):
        """Runs a statement in a database of the tests."""
        url, schema = database.split("&schema=")
        statement = f"SET search_path TO {schema}; {sql}"
        subprocess.run(
            ["psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, url], check=True
        )

    def control(self, what):
        """Ends the server as a power cut would ("stop"), or starts it again ("start")."""
        subprocess.run([self.controller, what], check=True)

    def stop(self):
        self.process.stdin.close()
        self.process.wait()
