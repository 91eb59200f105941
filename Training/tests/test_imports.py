"""The evaluation's modules do not import each other in a circle."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "evaluate"


def named(path, parent):
    """The dotted name of a module's file; a package has that of its folder."""
    return ".".join(path.relative_to(parent).with_suffix("").parts).removesuffix(".__init__")


def graph(package):
    """{module: modules of the package that it imports}, at its top or inside a function."""
    paths = {named(path, package.parent): path for path in package.rglob("*.py")}
    found = {}
    for name, path in paths.items():
        inside = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
        found[name] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found[name].update(part.name for part in node.names)
            elif isinstance(node, ast.ImportFrom):
                base = inside[: len(inside) - node.level + 1] if node.level else []
                base = ".".join([*base, *filter(None, [node.module])])
                for part in node.names:
                    whole = f"{base}.{part.name}"
                    found[name].add(whole if whole in paths else base)
        # A package's own `__init__` runs before its modules, and may import them.
        found[name] &= paths.keys() - {package.name}
    return found


def test_no_two_modules_of_the_evaluation_import_each_other():
    modules = graph(PACKAGE)
    assert modules["evaluate.prove"] >= {"evaluate.cells", "evaluate.report"}
    assert modules["evaluate.visibility.pictures"] >= {"evaluate.datasets"}
    tuple(TopologicalSorter(modules).static_order())


def test_a_circle_is_found(tmp_path):
    package = tmp_path / "some"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "one.py").write_text("from . import two\n")
    (package / "two.py").write_text("def late():\n    from .one import thing\n")
    with pytest.raises(CycleError, match="some.two"):
        TopologicalSorter(graph(package)).prepare()
