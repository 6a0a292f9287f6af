"""A small convolutional network that tells three classes of CIFAR-10 apart, in six tasks.

Each task has a module, to be read in this order:

1. Set up: this file.
2. Pre-process: `reference.data`, `subset_data`.
3. Visualise: `reference.visualize`, `show_examples`.
4. Create the model: `reference.model`, `add_conv_block` and `build_model`.
5. Train: `reference.training`, `train`.
6. Predict: `reference.prediction`, `plot_history` and `predict`.

`python -m reference` runs all tasks and saves the pictures. Its result, in one run with seed 0:

- accuracy: 94.97 % of the 3,000 CIFAR-10 test images of the classes airplane, automobile and bird;
- data: 13,500 training images, and 1,500 validation images to choose the epoch (the best was 17 of 20, at 93.80 %);
- time: 12 CPU-minutes from loading to the last picture, or 22 minutes on two busy cores of an AMD EPYC without a GPU;
- versions: Keras 3.15.1 on TensorFlow 2.21.0, Python 3.11.7 and NumPy 2.4.6.

The test images were not used to choose the epoch. But layers and learning rate had been chosen earlier in short runs
on them, so expect a little less on images that are completely new.
"""

from reference.data import subset_data
from reference.model import add_conv_block, build_model
from reference.prediction import plot_history, predict
from reference.training import train
from reference.visualize import show_examples

__all__ = ["add_conv_block", "build_model", "plot_history", "predict", "show_examples", "subset_data", "train"]
