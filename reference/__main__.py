"""Run the whole project: `python -m reference [--epochs N] [--data FILE.npz] [--output FOLDER]`."""

import argparse
from pathlib import Path

import keras
import matplotlib.pyplot as plt
import numpy as np

from reference import build_model, plot_history, predict, show_examples, subset_data, train

CLASSES = (0, 1, 2)
CLASS_NAMES = ("airplane", "automobile", "bird")
SEED = 0


def load_data(path: Path | None) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return x_train, y_train, x_test and y_test from an .npz file, or of CIFAR-10 if no file is given."""
    if path is not None:
        with np.load(path) as file:
            return file["x_train"], file["y_train"], file["x_test"], file["y_test"]
    try:
        from grader.course.datasets import load_dataset
    except ImportError:
        (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
        return x_train, y_train, x_test, y_test
    data = load_dataset("cifar10")
    return data.x_train, data.y_train, data.x_test, data.y_test


def main() -> None:
    """Run the six tasks in order."""
    # 1. Set up.
    parser = argparse.ArgumentParser(prog="python -m reference", description="Train and judge the reference model.")
    parser.add_argument("--epochs", type=int, default=20, help="the most epochs to train (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="FILE.npz", help="CIFAR-10 as x_train, y_train, x_test, y_test")
    parser.add_argument("--output", type=Path, default=Path("reference_output"), help="folder (default: %(default)s)")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    checkpoint = options.output / "best_model.keras"
    keras.utils.set_random_seed(SEED)
    plt.rcParams["savefig.dpi"] = 150

    # 2. Pre-process. The test images are kept for the very end; a tenth of the training images is used for validation.
    x_train, y_train, x_test, y_test = load_data(options.data)
    x_train, y_train = subset_data(x_train, y_train, CLASSES, seed=SEED)
    x_test, y_test = subset_data(x_test, y_test, CLASSES, seed=SEED)
    x_val, x_train = np.split(x_train, [len(x_train) // 10])
    y_val, y_train = np.split(y_train, [len(y_train) // 10])
    print(f"{len(x_train)} training, {len(x_val)} validation and {len(x_test)} test images")

    # 3. Visualise.
    show_examples(x_train, y_train, CLASS_NAMES, seed=SEED).savefig(options.output / "training_examples.png")
    show_examples(x_test, y_test, CLASS_NAMES, seed=SEED).savefig(options.output / "test_examples.png")

    # 4. Create the model.
    model = build_model(x_train.shape[1:], len(CLASSES))
    model.summary()

    # 5. Train.
    history = train(model, x_train, y_train, x_val, y_val, epochs=options.epochs, checkpoint_path=checkpoint)

    # 6. Predict.
    plot_history(history).savefig(options.output / "history.png")
    probabilities = predict(checkpoint, x_test)
    show_examples(x_test, y_test, CLASS_NAMES, probabilities, seed=SEED).savefig(options.output / "predictions.png")
    plt.close("all")
    accuracy = np.mean(probabilities.argmax(axis=1) == y_test.argmax(axis=1))
    print(f"test accuracy {accuracy:.4f}; pictures and checkpoint are in {options.output}")


if __name__ == "__main__":
    main()
