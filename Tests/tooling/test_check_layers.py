"""The layer check passes on this tree, and fails when a copy breaks any of its rules."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHECK = ROOT / ".ci" / "check-layers"


def check(root):
    result = subprocess.run([CHECK, root], capture_output=True, text=True)
    return result.returncode, result.stdout


@pytest.fixture
def tree(tmp_path):
    """A copy of the manifest and the Swift sources, for a test to damage."""
    for name in ("Sources", "Migrations"):
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=lambda folder, names: [
                name
                for name in names
                if pathlib.Path(folder, name).is_file() and not name.endswith(".swift")
            ],
        )
    shutil.copy(ROOT / "Package.swift", tmp_path)
    return tmp_path


def test_this_tree_is_clean():
    status, output = check(ROOT)
    assert status == 0, output


def test_a_copy_is_clean(tree):
    status, output = check(tree)
    assert status == 0, output


@pytest.mark.parametrize(
    "target, statement, complaint",
    [
        ("Imaging", "import DeepHiding", "imports only go down"),
        ("Imaging", "public import Archive", "imports only go down"),
        ("JobModel", "@preconcurrency import HTTPAPI", "imports only go down"),
        ("HTTPServer", "import struct Protection.Protector", "imports only go down"),
        ("JobRunner", "internal import CSpng", "does not list"),
        ("HTTPAPI", "import GRDB", "only SQLiteStore may use"),
        ("Operations", "import HTTPTypes", "only HTTPAPI, HTTPServer, HTTPWire may use"),
        ("Operations", "import SocketIO", "only HTTPAPI, HTTPServer, Webhooks may use"),
        (
            "CodecHost",
            "import Queue",
            "only HTTPAPI, JobRunner, Operations, PostgresStore, SQLStore, SQLiteStore, palimpsest"
            " may use",
        ),
        ("HTTPAPI", "import SQLiteStore", "only Operations may use"),
        ("SQLiteStore", "import Foundation", "nobody may use"),
        ("LocalBlobs", "import Dispatch", "only HTTPAPI, POSIX, SocketIO, palimpsest may use"),
        ("JobRunner", "import LocalBlobs", "only Operations may use"),
        ("BlobStorage", "import POSIX", "pure logic"),
        ("HTTPWire", "import Dispatch", "pure logic"),
        ("Archive", "import Glibc", "pure logic"),
        ("ImageHeader", "import func Glibc.open", "pure logic"),
        ("JobModel", "internal import POSIX", "pure logic"),
        ("JobModel", "import Foundation", "pure logic"),
        ("HTTPWire", "import FoundationNetworking", "pure logic"),
    ],
)
def test_a_forbidden_import_is_found(tree, target, statement, complaint):
    (tree / "Sources" / target / "Violation.swift").write_text(
        f"// A fault on purpose.\n{statement}\n"
    )
    status, output = check(tree)
    assert status == 1
    assert f"Sources/{target}/Violation.swift" in output
    assert complaint in output
    assert len(output.splitlines()) == 1, output


def test_pure_modules_may_use_the_essentials_of_foundation(tree):
    (tree / "Sources" / "JobModel" / "Fine.swift").write_text("import FoundationEssentials\n")
    status, output = check(tree)
    assert status == 0, output


def test_words_in_comments_and_strings_are_not_imports(tree):
    (tree / "Sources" / "Imaging" / "Fine.swift").write_text(
        '// import HTTPAPI\n/*\nimport HTTPAPI\n*/\nlet text = """\nimport HTTPAPI\n"""\n'
    )
    status, output = check(tree)
    assert status == 0, output


def test_an_upward_dependency_in_the_manifest_is_found(tree):
    manifest = (tree / "Package.swift").read_text()
    assert 'module("ImageHeader"' in manifest
    (tree / "Package.swift").write_text(
        manifest.replace('module("ImageHeader"', 'module("ImageHeader", ["JobRunner"]', 1)
    )
    status, output = check(tree)
    assert status == 1
    assert "ImageHeader (layer 1) may not depend on JobRunner (layer 5)" in output
    assert "ImageHeader declares JobRunner, which none of its files imports" in output


@pytest.mark.parametrize(
    "target, old, new, unused",
    [
        ("SemanticImages", 'module("SemanticImages", [', 'module("SemanticImages", ["Cryptography", ', "Cryptography"),
        ("HTTPWire", 'module("HTTPWire", [', 'module("HTTPWire", [logging, ', "Logging"),
        ("ArchiveTests", 'tests("Archive", [', 'tests("Archive", ["CZlib", ', "CZlib"),
    ],
)
def test_a_dependency_that_nobody_imports_is_found(tree, target, old, new, unused):
    shutil.copytree(ROOT / "Tests" / "ArchiveTests", tree / "Tests" / "ArchiveTests")
    manifest = (tree / "Package.swift").read_text()
    assert manifest.count(old) == 1
    (tree / "Package.swift").write_text(manifest.replace(old, new))
    status, output = check(tree)
    assert status == 1
    assert output == f"Package.swift: {target} declares {unused}, which none of its files imports\n"


def test_a_dependency_that_a_comment_names_counts_as_unused(tree):
    for path in (tree / "Sources" / "Telemetry").glob("*.swift"):
        path.write_text(path.read_text().replace("import POSIX\n", "// import POSIX\n"))
    status, output = check(tree)
    assert status == 1
    assert output == "Package.swift: Telemetry declares POSIX, which none of its files imports\n"


def test_a_target_without_a_layer_is_found(tree):
    (tree / "Sources" / "Helpers").mkdir()
    (tree / "Sources" / "Helpers" / "Helpers.swift").write_text("")
    status, output = check(tree)
    assert status == 1
    assert "Sources/Helpers" in output
