"""Networks and histories that stand in for what an earlier task left out, so that later tasks can be judged.

Untrusted side.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from grader.sandbox.inside.facts import digest_of
from grader.sandbox.inside.guided.fed import SIDE
from grader.sandbox.inside.guided.fitting import Fitting
from grader.sandbox.inside.guided.recording import Recorder
from grader.sandbox.inside.guided.watched import Shared
from grader.sandbox.wire import stand_ins


class StandIns:
    """Makes networks and histories that stand in for missing ones.

    Args:
        recorder: Takes the notes.
        shared: The state that the callbacks of all trainings share.
        fitting: The replacement for `fit`, which knows the network that was fitted last.
        images: The arrays that `cifar10.load_data()` returns; see `Observer`.
    """

    def __init__(self, recorder: Recorder, shared: Shared, fitting: Fitting, images: dict[str, Any]) -> None:
        self._recorder = recorder
        self._shared = shared
        self._fitting = fitting
        self._images = images

    def network_to_go_on_with(self) -> Any:
        """Return a network to use in place of one that cannot be loaded.

        This is the network that was fitted last, with the weights of its best epoch if the run has kept no files, or a
        small network of the grader's own if none was fitted.  A training that keeps nothing costs points in task 5;
        task 6 is judged as if it had kept its best epoch.
        """
        model = self._fitting.last_fitted
        if model is None:
            return self._network()
        if self._shared.kept.files or not self._shared.best_weights:
            return model
        with self._recorder.within():
            best = keras.models.clone_model(model)
            best.set_weights(self._shared.best_weights)
        if any(model is each for each in self._recorder.stand_ins):
            self._recorder.stand_ins.append(best)
        self._recorder.note("load", stand_in=True, model=self._recorder.number_of(best), digest=digest_of(best))
        return best

    def _network(self) -> Any:
        """Make a small network, compiled for three classes."""
        layers = keras.layers
        with self._recorder.within():
            model = keras.Sequential(
                [
                    keras.Input((SIDE, SIDE, 3)),
                    layers.Conv2D(stand_ins.FILTERS, 3, activation="relu"),
                    layers.MaxPooling2D(stand_ins.POOL),
                    layers.Flatten(),
                    layers.Dense(3, activation="softmax"),
                ]
            )
            model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        self._recorder.stand_ins.append(model)
        return model

    def history(self) -> Any:
        """Train a network and return its History; the trusted side supplies the values as for any other training."""
        model = self._fitting.last_fitted or self._network()
        x = np.asarray(self._images["x_train"][: stand_ins.IMAGES], np.float32) / 255
        outputs = int(model.output_shape[-1])
        y = stand_ins.targets(len(x), outputs)
        stopping = keras.callbacks.EarlyStopping(monitor="val_accuracy", patience=3)
        self._recorder.standing_in = True
        try:
            return model.fit(x, y, validation_data=(x, y), epochs=12, callbacks=[stopping])
        finally:
            self._recorder.standing_in = False
