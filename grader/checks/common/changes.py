"""Hints about what changed between versions of Keras, TensorFlow, NumPy and other libraries.

Most tutorials are older than the versions that are installed.  The exception then often says only that a name is gone,
not what it is called now.
"""

from __future__ import annotations

import re
from typing import Final

# Each entry is a pattern for the text of an exception, and a hint in which {0} and {1} stand for the pattern's groups.
# fmt: off
_CHANGES: Final[tuple[tuple[str, str], ...]] = (
    # Keras: training and models.
    (r"Argument\(s\) not recognized: \{'lr'|unexpected keyword argument 'lr'|no attribute 'lr'",
     "`lr` is called `learning_rate` now: keras.optimizers.Adam(learning_rate=0.001)."),
    (r"Argument\(s\) not recognized: \{'(?:schedule_)?decay'|unexpected keyword argument 'decay'",
     "`decay` is gone: give learning_rate one of keras.optimizers.schedules, such as ExponentialDecay."),
    (r"no attribute '(fit|evaluate|predict)_generator'", "`{0}_generator` is gone: `{0}` takes generators itself."),
    (r"no attribute 'predict_classes'", "`predict_classes` is gone: write np.argmax(model.predict(x), axis=1)."),
    (r"no attribute 'predict_proba'", "`predict_proba` is gone: `predict` gives the probabilities."),
    (r"KeyError: '((?:val_)?)acc'", "With metrics=[\"accuracy\"] it is called `{0}accuracy`."),
    (r"KeyError: '((?:val_)?)accuracy'", "Compile the model with metrics=[\"accuracy\"]; \"acc\" makes it `{0}acc`."),
    (r"fit\(\) got an unexpected keyword argument '(?:nb_epoch|epoch)'", "It is called `epochs`."),
    (r"got an unexpected keyword argument '(workers|use_multiprocessing|max_queue_size)'",
     "`{0}` is an argument of keras.utils.PyDataset now, and none of fit."),
    (r"got an unexpected keyword argument '(period|save_format|options)'",
     "`{0}` is gone: leave it out. Whole models are saved to files that end in .keras."),
    (r"filepath provided must end in `\.keras`|Invalid filepath extension for saving",
     "Files of whole models end in .keras now: \"best_model.keras\"."),
    (r"must end in `\.weights\.h5`", "Files of weights alone end in .weights.h5 now; a whole model's ends in .keras."),
    (r"File format not supported|SavedModel format is not supported",
     "Folders in TensorFlow's SavedModel format cannot be loaded any more: save to a file that ends in .keras."),
    (r"deserialization of a `Lambda` layer|`?Lambda`?.*safe_mode",
     "Keras loads no Lambda layer with Python code in it: scale with keras.layers.Rescaling, or write a class for it."),
    (r"Could not locate (?:class|function) '([\w>.]+)'|Unknown (?:layer|loss|metric|activation)[^:]*: '?([\w>.]+)",
     "Keras has to know `{0}` when it loads the model: put @keras.saving.register_keras_serializable() above its "
     "definition, or hand it to load_model in custom_objects."),
    (r"__init__\(\) got an unexpected keyword argument '(?:trainable|dtype|name|batch_shape)'",
     "Keras makes a layer of your own again from its configuration: let __init__ take **kwargs and hand them to "
     "super().__init__, and write get_config."),
    (r"`get_config\(\)` are explicitly deserialized|(?:implement|override) `?get_config",
     "A class of your own needs get_config, so that Keras can make it again when it loads the model."),
    (r"KerasTensor cannot be used as input to a TensorFlow function",
     "Functions of TensorFlow no longer work between layers: take the one of keras.ops, or put it into a layer."),
    # Keras: modules that moved.
    (r"keras\.utils\.np_utils'|cannot import name 'np_utils'|no attribute 'np_utils'",
     "`np_utils` is gone: from keras.utils import to_categorical."),
    (r"(?:cannot import name|has no attribute) 'ImageDataGenerator'|No module named '[\w.]*preprocessing\.image'",
     "ImageDataGenerator is left in tensorflow.keras.preprocessing.image alone; Keras has layers for it, such as "
     "RandomFlip."),
    (r"No module named '(?:tensorflow\.)?keras\.(?:wrappers|scikit_learn)",
     "The wrappers for scikit-learn are in a package of their own, SciKeras, which the course does not use."),
    (r"No module named '(?:tensorflow\.)?keras\.(?:layers\.|engine)", "All layers are in keras.layers itself now."),
    (r"No module named '(?:tensorflow\.python\.keras|keras\.(?:src|api|backend)\b)",
     "That is an inner module, which changes from version to version: import from keras or tensorflow.keras."),
    (r"cannot import name '\w+' from '(?:tensorflow\.)?keras\.optimizers|keras\.optimizers\.(?:legacy|experimental)'",
     "The optimizers are in keras.optimizers, with capital letters: from keras.optimizers import Adam."),
    (r"cannot import name '(BatchNormalization|Conv2D|Dense|Dropout|Flatten|MaxPooling2D)'",
     "The layers are in keras.layers: from keras.layers import {0}."),
    (r"cannot import name '(to_categorical)'", "It is in keras.utils: from keras.utils import {0}."),
    (r"module '(?:tensorflow\.)?keras[\w.]*backend' has no attribute '(\w+)'",
     "keras.backend has lost most of its functions: look for `{0}` in keras.ops, and leave sessions out."),
    (r"Unrecognized keyword arguments passed to \w+: \{'(?:border_mode|subsample|nb_\w+|output_dim|init|W_\w+|dim_\w+)",
     "That is Keras 1: border_mode is padding now, subsample is strides, nb_filter is filters, output_dim is units, "
     "and init is kernel_initializer."),
    # TensorFlow 1.
    (r"module 'tensorflow' has no attribute '(?:Session|InteractiveSession|placeholder|ConfigProto|GPUOptions|contrib|"
     r"get_default_graph|global_variables_initializer|set_random_seed|logging|app|layers)'|"
     r"No module named 'tensorflow\.(?:contrib|examples)",
     "That is TensorFlow 1. Sessions, graphs and placeholders are gone: use Keras alone. The seed is set by "
     "keras.utils.set_random_seed."),
    # NumPy.
    (r"module 'numpy' has no attribute '(float|int|bool|object|str|complex)'",
     "`np.{0}` was taken out of NumPy 1.24: write {0}, without np."),
    (r"module 'numpy' has no attribute '(product|cumproduct|alltrue|sometrue|in1d|row_stack|trapz|float_|complex_|Inf|"
     r"NaN|infty|PINF|NINF|bool8|round_|asfarray|unicode_|msort|long|unicode|cast)'",
     "`np.{0}` was taken out of NumPy 2. Instead there are prod, cumprod, all, any, isin, vstack, trapezoid, float64, "
     "inf, nan, bool_ and round."),
    # Matplotlib, pandas, scikit-learn, SciPy, Python.
    (r"'seaborn((?:-[\w-]+)?)' (?:is not a valid package style|not found in the style library)",
     "The styles are called seaborn-v0_8 now: plt.style.use(\"seaborn-v0_8{0}\")."),
    (r"gca\(\) got an unexpected keyword argument", "Give it to add_subplot: fig.add_subplot(projection=\"3d\")."),
    (r"module 'matplotlib\.(?:cm|pyplot)' has no attribute '(get_cmap|hold|set_window_title)'",
     "`{0}` is gone: colour maps are in matplotlib.colormaps, and the rest can be left out."),
    (r"'DataFrame' object has no attribute '(append|ix|as_matrix)'",
     "`{0}` was taken out of pandas: use pd.concat, loc or iloc, and to_numpy."),
    (r"OneHotEncoder\.__init__\(\) got an unexpected keyword argument 'sparse'", "It is called `sparse_output` now."),
    (r"No module named 'sklearn\.(?:cross_validation|grid_search|externals)'|name 'plot_confusion_matrix'",
     "That has moved: train_test_split is in sklearn.model_selection, and there is ConfusionMatrixDisplay."),
    (r"scipy\.misc'", "SciPy handles no images any more: use keras.utils.load_img or Pillow."),
    (r"module 'collections' has no attribute '(\w+)'|cannot import name '(\w+)' from 'collections'",
     "`{0}` is in collections.abc."),
    (r"No module named '(imp|distutils|asyncore)'", "`{0}` was taken out of Python 3.12: leave the import out."),
    (r"'str' object has no attribute 'decode'", "Text is text in Python 3: leave decode out."),
)
# fmt: on
_COMPILED: Final = tuple((re.compile(pattern), hint) for pattern, hint in _CHANGES)


def hint_for_version(said: str) -> str:
    """Return what to write instead, if an exception is due to a change between versions; otherwise "".

    Args:
        said: The exception as `student.told` words it.
    """
    for pattern, hint in _COMPILED:
        if found := pattern.search(said):
            return hint.replace("{0}", next((group for group in found.groups() if group), ""))
    return ""
