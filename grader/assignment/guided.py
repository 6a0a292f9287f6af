"""The guided form of the assignment as data: the texts of its tasks in the notebook, and its checks.

In this form a submission defines no given functions.  Its checks are about what the file does when it runs from the
first cell to the last, whatever its names are.  The tasks have the numbers, titles and points of the form with
functions (`contract.TASKS`).
"""

from __future__ import annotations

from typing import Final

from grader.assignment.contract import Check

# None of 73 public notebooks of this project defines the functions of the other form, hence this one.
STEPS: Final = {
    1: "Import the libraries that the project needs.",
    2: "Load CIFAR-10. Cut the training set and the test set down to three of the ten classes, shuffle them, and turn "
    "the labels into one-hot rows.",
    3: "Write a function that shows randomly chosen images of a given set with their labels. Look at some of the "
    "training set and at some of the test set.",
    4: "Build a Sequential network with a function that adds a convolution block to it, compile it, and look at its "
    "summary.",
    5: "Fit the network on the three classes. Stop early once validation no longer gets better, and keep the best "
    "epoch in a checkpoint.",
    6: "Plot training and validation accuracy. Load the best network, predict the test images, and show some with the "
    "labels that were predicted.",
}
"""What each task asks for, by its number."""

CHECKS: Final = (
    Check("cells/imports", 1, "", 3, "Everything that is imported is there"),
    Check("cells/run", 1, "", 2, "Every cell runs"),
    Check("data/three-classes", 2, "", 5, "Trains on exactly three of the ten classes"),
    Check("data/every-image-once", 2, "", 4, "Keeps every image of these classes, each once"),
    Check("data/labels-belong", 2, "", 4, "Each image keeps its own label"),
    Check("data/one-hot-labels", 2, "", 2, "Labels are one-hot rows"),
    Check("data/shuffled", 2, "", 2, "Shuffles the training images"),
    Check("data/test-set", 2, "", 3, "Cuts the test set down to the same three classes"),
    Check("examples/training-set", 3, "", 3, "Shows images of the training set"),
    Check("examples/test-set", 3, "", 2, "Shows images of the test set"),
    Check("examples/labels", 3, "", 4, "Gives each image the name of its class"),
    Check("examples/random", 3, "", 1, "Chooses the images at random"),
    Check("model/sequential", 4, "", 3, "Is a Sequential network with convolutions"),
    Check("model/block-function", 4, "", 5, "Has a function that adds a convolution block, called for each block"),
    Check("model/shrinks", 4, "", 2, "Makes the images smaller from block to block"),
    Check("model/softmax", 4, "", 4, "Ends in a probability for each class"),
    Check("model/loss", 4, "", 3, "Is compiled with the loss that fits its labels"),
    Check("model/tracks-accuracy", 4, "", 1, "Tracks accuracy"),
    Check("model/summary", 4, "", 2, "Looks at the network's summary"),
    Check("training/fits", 5, "", 6, "Fits the network on the training images"),
    Check("training/scaled", 5, "", 2, "Scales the images once"),
    Check("training/validates", 5, "", 4, "Validates on images that it does not train on"),
    Check("training/early-stopping", 5, "", 6, "Stops early, by how validation goes"),
    Check("training/checkpoint", 5, "", 7, "Keeps the best epoch in a checkpoint"),
    Check("curves/both", 6, "", 4, "Plots training and validation accuracy of this training"),
    Check("curves/told-apart", 6, "", 1, "Says which curve is which"),
    Check("best/loaded", 6, "", 4, "Loads the best network"),
    Check("predictions/test-images", 6, "", 4, "Predicts the test images, scaled as in training"),
    Check("predictions/shown", 6, "", 4, "Shows test images with the labels that were predicted"),
    Check("unseen/accuracy", 6, "", 3, "Predicts images it never saw well enough", "standard"),
)
"""The checks of the guided form: 100 points together, of which 97 are in the profile `quick`."""
