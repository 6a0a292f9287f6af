"""What this course asks for beside the six tasks: curves over epochs from 1 on, and answers about a single image."""

from __future__ import annotations

import numpy as np

from grader.checks.own import CheckFailed, CurvesCase, HistoryFigures, Predictions, check, curves_cases, for_all


@check("plot_history/epochs-from-one", points=2, title="Counts epochs from 1")
@for_all(curves_cases(), examples=3)
def test_epochs_from_one(history_figures: HistoryFigures, case: CurvesCase) -> None:
    """Without x, Matplotlib counts from 0. Other lines, as one at the best epoch, are no concern of this check."""
    epochs = list(range(1, len(case.accuracy) + 1))
    for axes in history_figures.plot(case)["axes"]:
        for line in axes["lines"]:
            x, y = ([] if values is None else values.tolist() for values in (line["x"], line["y"]))
            if y in (list(case.accuracy), list(case.val_accuracy)) and x != epochs:
                raise CheckFailed(
                    f"The accuracies of {len(epochs)} epochs should be at 1 to {len(epochs)} on the x axis, but there "
                    f"is a curve at {', '.join(f'{each:g}' for each in x)}.",
                    hint="Give ax.plot the epochs as its first argument.",
                )


@check("predict/single-image", points=1, title="Takes a single image, too")
def test_single_image(predictions: Predictions) -> None:
    """An image without the axis of the batch has one row of probabilities."""
    image = np.full((28, 28, 1), 100, np.uint8)
    answers = predictions.returned(predictions.known_model(), image)
    if answers.shape != (1, 4):
        raise CheckFailed(
            f"For one image, of shape (28, 28, 1), there should be one row of 4 probabilities, but the answer has "
            f"shape {answers.shape}.",
            hint="Where x has three dimensions, add the one that is missing: x[np.newaxis].",
        )
