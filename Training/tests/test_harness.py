"""The evaluation harness can detect protection and can fail, shown on generated shapes."""

import numpy as np
import pytest
import torch
from evaluate import (
    cells, classifier, columns, countermeasures, datasets, detector, perturbations, plans, report,
    rows, setting, shapes,
)  # fmt: skip


@pytest.fixture(scope="module")
def accuracies():
    torch.set_num_threads(1)
    x, y = shapes.generate(3000, 0)
    x_test, y_test = shapes.generate(1000, 1)

    # Without shifts, since a few steps are too few to learn a shape or pattern under shifts on
    # every processor.
    def learn(images):
        _, history = classifier.train(
            images, y, x_test, y_test, 0, classifier.Recipe(epochs=6, batch=64, pad=0)
        )
        return history[-1]

    return {
        "clean": learn(x),
        "zero": learn(perturbations.zero(x, y, 0)),
        "control": learn(perturbations.random_noise(x, y, 0)),
    }


def test_the_classifier_learns_the_clean_shapes(accuracies):
    assert accuracies["clean"] >= 90


def test_no_perturbation_gives_clean_accuracy(accuracies):
    assert accuracies["zero"] == pytest.approx(accuracies["clean"], abs=1)


def test_the_control_lowers_accuracy(accuracies):
    assert accuracies["control"] <= 20


@pytest.mark.parametrize("make", [perturbations.random_noise, perturbations.smooth_noise])
def test_perturbations_are_class_wise_and_bounded(make):
    labels = np.arange(40) % 10
    pixels = np.full((40, 16, 16, 3), 100, np.uint8)
    delta = make(pixels, labels, 7).astype(int) - pixels
    assert 0 < np.abs(delta).max() <= perturbations.EPSILON
    assert (delta[:10] == delta[10:20]).all()
    assert not (delta[0] == delta[1]).all()
    assert not (delta == make(pixels, labels, 8).astype(int) - pixels).all()


def cell(row, column, accuracy, psnr=32.0):
    return {
        "row": row, "column": column, "seed": 0, "accuracy": accuracy, "peak": accuracy,
        "psnr": psnr, "ssim": 0.9,
        "largest_delta": 8, "classes": 10, "linear_probe": 99.0,
    }  # fmt: skip


def judge(clean, control, shipped):
    records = [
        cell(rows.CLEAN, "vanilla", clean, None),
        cell(rows.CONTROL, "vanilla", control),
        cell(rows.CLASS_WISE, "vanilla", shipped),
    ]
    return report.verdict(report.summarize(records))


def test_a_harness_that_cannot_see_gives_no_verdict():
    assert judge(59, 11, 12)[0].startswith("No verdict")
    assert judge(75, 21, 12)[0].startswith("No verdict")


def test_the_verdict_can_fail():
    assert judge(75, 11, 12)[0].startswith("Reached")
    assert judge(75, 11, 30)[0].startswith("Missed")


def test_the_table_gives_mean_and_range_over_the_seeds_and_what_is_left_of_learning():
    records = [
        {**cell(rows.CLASS_WISE, "vanilla", a), "seed": s} for s, a in enumerate((10.0, 12.0, 17.0))
    ]
    records.append(cell(rows.CLEAN, "vanilla", 70.0, None))
    summary = report.summarize(records)
    assert f"| {rows.CLASS_WISE} | 13.0 (10.0-17.0) |" in report.table(summary)
    assert (
        f"| {rows.CLASS_WISE} | 32.00 | 0.900 | 8 | 99 | 0.05 | 0.05 |" in report.figures(summary)
    )
    assert f"| {rows.CLASS_WISE} | 32.00 | 0.900 | 71 | 8 | 99 | 0.05 | 0.05 |" in report.figures(
        summary, {rows.CLASS_WISE: 71.2}
    )
    assert f"| {rows.CLASS_WISE} | 17.0 |" in report.peaks(summary)


def test_a_cell_is_measured_once_and_again_when_anything_it_depends_on_changed(
    tmp_path, monkeypatch
):
    x, y = shapes.generate(300, 0)
    data = datasets.Dataset(
        np.repeat(x, 12, 0), np.repeat(y, 12), x[:50], y[:50], tuple("abcdefghij")
    )
    monkeypatch.setattr(datasets, "load", lambda path: data)
    tool = setting.Product("", "", tmp_path, data.names)

    def at(epochs):
        return setting.Setting(
            "", "", "validation", 60, classifier.Recipe(epochs=epochs), tool, tmp_path
        )

    first = cells.measure(at(1), rows.CONTROL, "cutout", 0)
    assert first["largest_delta"] == 8 and first["psnr"] == pytest.approx(30.2, abs=0.3)
    assert cells.known(at(1), rows.CONTROL, "cutout", 0) == first
    assert cells.measure(at(1), rows.CONTROL, "cutout", 0) == first
    assert cells.known(at(1), rows.CONTROL, "cutout", 1) is None
    assert cells.known(at(2), rows.CONTROL, "cutout", 0) is None


def test_mixtures_have_a_table_of_their_own():
    mixed, alone = rows.mixture(0.4)
    records = [
        cell(rows.CLEAN, "vanilla", 70.0, None),
        cell(mixed, "vanilla", 60.5),
        cell(alone, "vanilla", 61.5, None),
    ]
    text = report.mixtures(report.summarize(records))
    assert text.splitlines()[2:] == ["| 40% | 60.5 | 61.5 |"]
    assert report.mixtures(report.summarize(records[:1])) is None


def test_every_row_and_column_of_every_table_exists():
    for plan in plans.PLANS.values():
        assert {rows.CLEAN, rows.CONTROL} <= set(plan.cells) <= set(rows.ALL)
        for row, names in plan.cells.items():
            assert set(names) <= set(columns.ALL)
            # The control of the pre-trained columns controls nothing else.
            assert "vanilla" in names or row == rows.LITE0_PATTERN


def test_the_verdict_over_all_countermeasures_can_fail_too():
    def lines(shipped, other, jpeg10):
        cells_of = {rows.CLEAN: 70.0, rows.CONTROL: 11.0, rows.CLASS_WISE: shipped, "LSP": other}
        records = [
            cell(row, column, accuracy)
            for row, accuracy in cells_of.items()
            for column in columns.TWELVE
        ]
        for record in records:
            if record["row"] == rows.CLASS_WISE and record["column"] == "JPEG 10":
                record["accuracy"] = jpeg10
            if record["row"] == rows.CONTROL and record["column"] != "vanilla":
                record["accuracy"] = other
        return [line for line in report.verdict(report.summarize(records)) if " r " in line]

    assert [line.split(":")[0] for line in lines(16, 40, 40)] == ["Reached"] * 3
    assert [line.split(":")[0] for line in lines(24, 20, 52)] == ["Missed"] * 3


def test_rows_with_and_without_further_columns_are_compared_over_the_same_ones():
    records = [
        cell(row, column, accuracy)
        for row, accuracy in ((rows.CLEAN, 70.0), ("LSP", 40.0))
        for column in columns.TWELVE
    ]
    lines = report.figures(report.summarize(records)).splitlines()
    more = [
        cell(rows.CLEAN, "WebP", 70.0),
        cell("LSP", "WebP", 70.0),
        cell(rows.CLASS_WISE, "WebP", 70.0),
    ]
    further = report.figures(report.summarize(records + more)).splitlines()
    assert [line.split(" | ")[-2:] for line in lines[2:]] == [["-", "- |"], ["0.50", "0.50 |"]]
    assert (
        [line.split(" | ")[-2:] for line in further[2:]]
        == [["-", "- |"], ["0.50", "0.50 |"], ["-", "- |"]]
    )


def test_columns_that_are_said_to_change_nothing_change_nothing():
    pixels = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3)).astype(np.uint8)
    for name in columns.NO_OPS:
        assert (countermeasures.ALL[name](pixels, 0) == pixels).all()


def test_the_linear_probe_sees_class_wise_noise_and_nothing_in_noise_of_no_class():
    rng = np.random.default_rng(0)
    pixels, labels = rng.integers(60, 180, (1500, 16, 16, 3)).astype(np.uint8), np.arange(1500) % 10
    assert detector.linear_probe(pixels, labels, 0) < 20
    assert (
        detector.linear_probe(perturbations.random_noise(pixels, labels, 0), labels, 0)
        > detector.FLAGGED_ABOVE
    )
