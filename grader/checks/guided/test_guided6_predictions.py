"""Task 6: the best network, its predictions, and images with the predicted labels."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec
import numpy as np

from grader.checks.common.evidence import CannotRebuild
from grader.checks.common.hidden import seeded_generator
from grader.checks.common.verdict import CheckFailed, NotRun, check
from grader.checks.guided.best_epochs import best_of_all
from grader.checks.guided.data import SURE, Data, Images, are_rows, columns_of, naming, scales_differ
from grader.checks.guided.examples import pairs_wrongly
from grader.checks.guided.names import misnamed, usual_names
from grader.checks.guided.notes import Note
from grader.checks.guided.observed import Observed, Told
from grader.checks.guided.pictures import ENOUGH, whole
from grader.checks.guided.results import failing_line, judged_training
from grader.checks.guided.scaling import scaled_wrongly
from grader.checks.guided.shown import ShownImage, images_shown, names_of, tokens
from grader.sandbox.wire import graphs

Array = np.ndarray[Any, Any]

_SAME_ANSWER = 0.02
_SOME = 4
_MOST_ASKED = 200
"""The most answers that are asked for again, besides those about images that the program shows."""

_PREDICTED = (
    *("pred", "prév", "prev", "prog", "vorher", "guess", "odhad", "tahmin"),
    *("предск", "预测", "預測", "予測", "예측"),
)
_TRUE = (
    *("true", "truth", "actual", "real", "label", "wahr", "echt", "vrai", "verd", "vero", "prawd", "pravd"),
    *("gerçek", "истин", "настоящ", "верн", "真", "实际", "実際", "正解", "실제", "정답"),
)
"""Words for the predicted and for the true label beside an image, or how they begin, in several languages."""


def _prediction(observed: Observed) -> Note:
    """Return the prediction that is judged: the last one after training that is about test images, or else the last.

    Raises:
        CheckFailed: If nothing is predicted after training.
    """
    fits = [at for at, note in enumerate(observed.notes) if note.kind == "fit"]
    after = [note for note in observed.notes[(fits[0] if fits else 0) :] if note.kind == "predict"]
    about_test = [note for note in after if observed.recognise(note.x).of_test >= ENOUGH]
    if about_test:
        return about_test[-1]
    if after:
        return after[-1]
    why = observed.because("pred", "load_")
    raise CheckFailed(
        f"The test images should be predicted, but predict is not called after training{why}.",
        hint="Call model.predict with the test images, scaled as in fit.",
        line=failing_line(observed, "predict"),
    )


def _allowed(observed: Observed, note: Note, told: Told) -> set[str]:
    """Return the digests of the networks that may count as the best one.

    Besides the best epochs, these are what fit saved instead of them, since that is a bug of task 5 alone.
    """
    best = best_of_all(observed)
    if not observed.saved_with(best, note.config):
        kept = {saved.digest for saved in observed.observation.run.files} & set(told.digests)
        return best | kept
    return best


def _chosen_by_evaluating(observed: Observed, told: Told) -> set[str]:
    """Return the digests of saved epochs if the program chooses among several, each of which it evaluates.

    One of them has to be the best epoch; otherwise the result is empty.  The choice itself cannot be judged, since the
    script's values have nothing to do with how a network evaluates on the images of the observed run.
    """
    loaded = {load.digest for load in observed.of_kind("load") if load.digest}
    tried = {note.digest for note in observed.of_kind("evaluate", "predict")} & loaded
    return loaded & set(told.digests) if len(tried) > 1 and tried & best_of_all(observed) else set()


@check("best/loaded")
def test_best_is_loaded(observed: Observed) -> None:
    note, told = judged_training(observed)
    loads = observed.of_kind("load")
    failed = [load for load in loads if load.error]
    hint = "Load the file that ModelCheckpoint wrote for the best epoch, and predict with what load_model returns."
    if failed and not any(not load.error for load in loads):
        files = ", ".join(saved.path for saved in observed.observation.run.files[-3:])
        raise CheckFailed(
            f"The best network should be loaded, but `{failed[0].path}` cannot be: "
            + (f"this run kept {files}." if files else "no checkpoint was kept."),
            hint=hint,
            line=failed[0].line,
        )
    predictions = observed.of_kind("predict")
    used = _prediction(observed).digest if predictions else loads[-1].digest if loads else ""
    allowed = _allowed(observed, note, told)
    if used and (used in allowed or used in _chosen_by_evaluating(observed, told)):
        return
    if not loads:
        last = used in told.digests[-1:]
        what = "the network of the last epoch goes on being used" if last or not used else "nothing is loaded"
        raise CheckFailed(
            f"The best network should be loaded, but {what}{observed.because('load_')}.",
            hint=hint,
            line=_prediction(observed).line if predictions else 0,
        )
    loaded = {load.digest for load in loads}
    if loaded & allowed:
        what = "predictions are made with another network"
    elif used and used == told.digests[-1]:
        what = "it is the network of the last epoch"
    elif used in told.digests:
        what = f"it is the network of epoch {told.digests.index(used) + 1}, and another one was better"
    else:
        what = "it is a network that this training did not keep"
    raise CheckFailed(
        f"The best network should be loaded and used, but {what}.",
        hint=hint,
        line=loads[-1].line,
    )


@check("predictions/test-images")
def test_predicts_test_images(observed: Observed) -> None:
    prediction = _prediction(observed)
    found = observed.recognise(prediction.x)
    # A test set of other images is a bug of task 2.
    mixed = not observed.uses_test_images or ENOUGH > found.of_test > 0.2
    test = np.maximum(found.test, found.train) if mixed else found.test
    if found.count == 0 or np.mean(test >= 0) < ENOUGH:
        which = "training images are" if found.of_train >= ENOUGH else "something else is"
        raise CheckFailed(
            f"The test images should be predicted, but {which}.",
            hint="Call predict with the images of the test set.",
            line=prediction.line,
        )
    judged = observed.fit()
    if judged is not None:
        trained = judged[0]
        scale = observed.recognise(trained.x).scale
        # If fit gets images that are not scaled, or scaled twice, task 5 reports it.  Here they should be scaled once.
        spoilt = trained.x is not None and trained.x.size and scaled_wrongly(trained)
        once = prediction.x is not None and prediction.x.size and not scaled_wrongly(prediction)
        held = observed.recognise(trained.val_x).scale
        as_held = bool(np.isfinite(held)) and not scales_differ(held, found.scale)  # task 5 reports a wrong scale
        if scales_differ(found.scale, scale) and not (spoilt and once) and not as_held:
            raise CheckFailed(
                "The test images should be scaled as the training images are, but the values that predict gets are "
                f"{found.scale / scale:.3g} times those that fit gets.",
                hint="Divide by 255 in both, or in neither and inside the network.",
                line=prediction.line,
            )
    _require_own_answers(observed, prediction, test)


def _require_own_answers(observed: Observed, prediction: Note, numbers: Array) -> None:
    """Raise `CheckFailed` if the answers are not those that the network gives to these images in the examiner."""
    answers = prediction.answers
    if answers is None or len(answers) != len(numbers):
        return
    configs = _configs_of(observed, prediction)
    if not configs:
        return
    rows = np.flatnonzero(numbers >= 0)
    if len(rows) > _MOST_ASKED:
        course = observed.context.course
        rng = seeded_generator(course.seed, f"guided answers {observed.submission.sha256}")
        in_figures = np.isin(numbers, [image.number for image in images_shown(observed) if image.test])
        rows = np.union1d(rng.choice(rows, _MOST_ASKED, replace=False), rows[in_figures[rows]])
    x = whole(prediction.x[rows].astype(np.float32))
    found: list[Array] = []
    try:
        for network in observed.networks_with(prediction.digest, configs):
            own = observed.examiner.run_network(network, x)
            if own.shape == answers[rows].shape and np.all(np.abs(own - answers[rows]) <= _SAME_ANSWER):
                return
            found.append(own)
    except CannotRebuild:
        return  # which task 4 reports
    if not found:
        raise CheckFailed(
            "The predictions should be those of a network of this program, but it has none that gives them.",
            hint="Use what model.predict returns as it is.",
            line=prediction.line,
        )
    logits = any(note.from_logits for note in observed.of_kind("compile"))
    if not logits and not any(own.ndim == 2 and np.allclose(own.sum(axis=1), 1, atol=0.01) for own in found):
        return  # no probabilities, which task 4 reports; a softmax over the images depends on all of them
    raise CheckFailed(
        "The predictions should be those of the network that predicts, but that network answers something else "
        "about these images.",
        hint="Use what model.predict returns as it is.",
        line=prediction.line,
    )


def _configs_of(observed: Observed, prediction: Note) -> list[str]:
    """Return how the network that predicts may be built, the likeliest first.

    It is built as it was trained, or as the note of the prediction says: a program may put its trained network into
    another one.  That note may be forged, so it must not bring layers of its own if the trained network has none.  A
    configuration that is too long is left out of a note.
    """
    trained = [note.config for note in observed.of_kind("fit") if note.config]
    of_digest = [
        note.config for note, told in observed.fits(stand_ins=True) if prediction.digest in told.digests and note.config
    ]
    first = (of_digest or trained)[-1:]
    plain = any(not graphs.has_graphs(config) for config in of_digest)
    others = [prediction.config] if prediction.config and not (plain and graphs.has_graphs(prediction.config)) else []
    return list(dict.fromkeys([*first, *others]))


@check("predictions/shown")
def test_predictions_are_shown(observed: Observed) -> None:
    if not observed.of_kind("predict"):
        raise NotRun("predict is never called.")
    prediction = _prediction(observed)
    at = next(place for place, note in enumerate(observed.notes) if note is prediction)
    everything = _of_own_classes(observed, images_shown(observed))
    shown = [image for image in everything if image.at > at and (image.test or not observed.uses_test_images)]
    if not shown:
        why = observed.because("show", "imshow", "plot", "pred")
        raise CheckFailed(
            f"Test images should be shown with the labels that were predicted, but none are shown after predict{why}.",
            hint="Call your function of task 3 again, with the predictions.",
            line=failing_line(observed, "show", "imshow"),
        )
    labelled = {image.at for image in everything if image.texts}
    if any(image.at in labelled for image in shown):  # task 3 reports figures without labels, if they matter
        shown = [image for image in shown if image.at in labelled]
        everything = [image for image in everything if image.at in labelled]
    predicted = _predicted_classes(observed, prediction)
    told = [(image, predicted[image.number]) for image in shown if image.number in predicted]
    data = Data(observed)
    training = data.training
    if training is not None and (
        _answers_otherwise(prediction, training) or len(data.classes(training)) < 2 or data.merges_classes(training)
    ):
        return  # tasks 2 and 4 report that, and which class is predicted cannot be told
    if not told:
        raise NotRun("the images that are shown are not among those that were predicted.")
    _require_predictions_of_figures(shown, predicted)
    candidates = _names(observed, everything, at)
    if not candidates:
        if len(shown) < _SOME or len({known for _, known in told}) < 2:
            raise CheckFailed(
                "Test images should be shown with the labels that were predicted, but so few, or of so few classes, "
                "are shown that nothing tells which name each class has.",
                hint="Show five or ten of the test images, each with its predicted label.",
                line=told[0][0].line,
            )
        return
    wrongs = [
        [(image, known) for image, known in told if names.get(known) and not _names_class(image, known, names)]
        for names in candidates
    ]
    if (not all(wrongs) or pairs_wrongly(observed)) and all(image.texts for image, _ in told):
        _require_one_label(told, candidates[0])
        _require_named_rightly(told, candidates[0])
        return
    names, wrong = candidates[0], wrongs[0]
    image, known = wrong[0] if wrong else told[0]
    beside = tokens(image.texts)
    others = set().union(*(_as_words(names[other]) for other in names if other not in (known, image.known)))
    if wrong and others & beside:
        instead = "other labels do."
    elif wrong and names.get(image.known, set()) & beside:
        instead = "only their true labels do."
    else:
        instead = "no label does."
    raise CheckFailed(
        f"The labels that were predicted should stand beside the images, but {instead}",
        hint="Take the label of each image from its own prediction: class_names[np.argmax(p[i])].",
        line=image.line,
    )


def _require_predictions_of_figures(shown: list[ShownImage], predicted: Mapping[int, int]) -> None:
    """Raise `CheckFailed` if most images of each figure that shows predicted images were not predicted."""
    figures: dict[int, list[bool]] = {}
    for image in shown:
        figures.setdefault(image.at, []).append(image.number in predicted)
    some = [known for known in figures.values() if any(known)]
    if some and all(sum(known) < len(known) / 2 for known in some):
        raise CheckFailed(
            "Test images should be shown with the labels that were predicted, but most of those shown were not given "
            "to predict.",
            hint="Predict the whole test set, and show some of its images.",
            line=shown[0].line,
        )


def _of_own_classes(observed: Observed, shown: list[ShownImage]) -> list[ShownImage]:
    """Return images with the classes that the program takes them for, if its test images have labels of others.

    Task 2 reports such labels.
    """
    data = Data(observed)
    training, test = data.training, data.test
    if training is None or test is None or training.labels is None or not data.mixes_labels(test):
        return shown
    if data.agreement(training) < SURE:
        return shown
    classes = {column: known for known, column in naming(*data.labelled(training)).items()}
    labels = {image.number: image.known for image in data.as_labelled(shown) if image.test}
    return [
        msgspec.structs.replace(image, known=classes.get(labels[image.number], image.known))
        if image.test and image.number in labels
        else image
        for image in shown
    ]


def _require_one_label(told: list[tuple[ShownImage, int]], names: dict[int, set[str]]) -> None:
    """Raise `CheckFailed` if each image has the names of all classes beside it, each in a text of its own."""
    words = {known: _as_words(each) for known, each in names.items()}

    def names_all_apart(image: ShownImage) -> bool:
        named = [{known for known, each in words.items() if each & tokens((text,))} for text in image.texts]
        return all({known} in named for known in words)

    if len(words) > 2 and all(names_all_apart(image) and not image.shared for image, _ in told):
        raise CheckFailed(
            "The label that was predicted should stand beside each image, but the labels of all classes do.",
            hint="Show only the label of the class with the largest probability: class_names[np.argmax(p[i])].",
            line=told[0][0].line,
        )


def _require_named_rightly(told: list[tuple[ShownImage, int]], names: dict[int, set[str]]) -> None:
    """Raise `CheckFailed` if the true labels are called the predicted ones, and the predicted ones the true ones.

    Args:
        told: The images that are shown, each with its predicted class.
        names: The names of the classes.
    """
    said = [
        (_said_of(image, names[known]), _said_of(image, names[image.known]))
        for image, known in told
        if known != image.known and names.get(known) and names.get(image.known)
    ]
    if not said or any(each != ("true", "predicted") for each in said):
        return
    raise CheckFailed(
        "The label that is called the predicted one should be the predicted one, but it is the true one.",
        hint="Exchange the two in the text.",
        line=told[0][0].line,
    )


def _said_of(image: ShownImage, names: set[str]) -> str:
    """Return what the text beside an image calls a class: `predicted` or `true`; "" if that cannot be told.

    This is the last such word before the name in the same line, if the text has that name once.
    """
    for text in image.texts:
        plain = text.casefold()
        places = [found.start() for name in _as_words(names) for found in re.finditer(rf"\b{re.escape(name)}\b", plain)]
        if len(places) != 1:
            continue
        before = plain[: places[0]].rpartition("\n")[2]
        last = {
            kind: max(before.rfind(word) for word in words)
            for kind, words in (("predicted", _PREDICTED), ("true", _TRUE))
        }
        if max(last.values()) >= 0:
            return max(last, key=lambda kind: last[kind])
    return ""


def _answers_otherwise(prediction: Note, training: Images) -> bool:
    """Whether a network does not have an output for each of the three classes, or one for each label."""
    labels, answers = training.labels, prediction.answers
    if labels is None or answers is None or not are_rows(labels) or not are_rows(answers):
        return False
    return bool(answers.shape[1] != labels.shape[1] or answers.shape[1] != 3)


def _names_class(image: ShownImage, known: int, names: dict[int, set[str]]) -> bool:
    """Whether a text beside an image names a class.

    The image's true class may be named anywhere in the text, and other classes only after that name.
    """
    others = [_as_words(names[other]) for other in names if other not in (known, image.known)]
    for text in image.texts:
        words = tokens((text,))
        if not names[known] & words:
            continue
        there = [name for other in others for name in other & words]
        if not there:
            return True
        plain = text.casefold()
        first = min(plain.find(name) for name in names[known] & words)
        if first < min(plain.find(name) for name in there):
            return True
    return False


def _as_words(names: set[str]) -> set[str]:
    """Return those of a class's names that are words, or all if none is: numbers may be names, or count the images."""
    return {name for name in names if name.isalpha() and len(name) > 2} or names


def _predicted_classes(observed: Observed, prediction: Note) -> dict[int, int]:
    """Return the predicted class, 0 to 9, of each test image, by its number.

    The labels with which the network was trained show which column stands for which class.
    """
    found = observed.recognise(prediction.x)
    numbers = found.test if observed.uses_test_images else np.maximum(found.test, found.train)
    answers = prediction.answers
    data = Data(observed)
    images = data.training
    if answers is None or not answers.size or len(answers) != len(numbers):
        return {}
    if images is None or images.labels is None:
        return {}
    columns = {column: known for known, column in naming(*data.labelled(images)).items()}
    chosen = columns_of(answers) if answers.shape[1] > 1 else answers[:, 0].round().astype(int)
    return {
        int(number): columns[int(column)]
        for number, column in zip(numbers, chosen, strict=True)
        if number >= 0 and int(column) in columns
    }


def _names(observed: Observed, everything: list[ShownImage], at: int) -> list[dict[int, set[str]]]:
    """Return the names that the classes may have, the likeliest first.

    These are the names beside the images that are shown before the first prediction, since later figures may show
    predictions.  If one of them is wrong, the usual names follow; if the names after the prediction are all different
    ones, those follow.
    """
    first = next((place for place, note in enumerate(observed.notes) if note.kind == "predict"), at)
    found = [names_of([image for image in everything if image.at < place]) for place in (first, at)]
    known = [names for names in found if len(names) >= 2 and all(names.values())][:1]
    after = _names_after(observed, everything, at)
    if not known:
        return [after] if after else []
    if misnamed(known[0]) is not None:  # which task 3 reports; by now the names may be right
        known += [{number: usual_names(number) for number in known[0]}]
    shared = set().union(*known[0].values()) & set().union(*after.values())
    return known if shared or not after else [*known, after]  # the program changed the names in between


def _names_after(observed: Observed, everything: list[ShownImage], at: int) -> dict[int, set[str]]:
    """Return the names beside the images that are shown after the prediction, by their predicted classes.

    If each predicted class has a name, these are believed; otherwise each gets a name that is in no text.  The result
    is empty if images of fewer than two predicted classes are shown.
    """
    predicted = _predicted_classes(observed, _prediction(observed))
    after = [
        ShownImage(image.number, image.test, predicted[image.number], image.texts, image.line, image.at)
        for image in everything
        if image.test and image.at > at and image.number in predicted
    ]
    if len(Counter(image.known for image in after)) < 2:
        return {}
    names = names_of(after)
    return names if all(names.values()) else {known: {"\0"} for known in names}
