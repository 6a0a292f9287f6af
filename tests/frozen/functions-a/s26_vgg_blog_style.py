# sound: in the style of a well-known blog (VGG blocks, he_uniform, SGD with momentum, pyplot.subplot codes)
from os import PathLike

from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.datasets import cifar10
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPooling2D, Rescaling
from keras.models import Sequential, load_model
from keras.optimizers import SGD
from keras.utils import to_categorical
from matplotlib import pyplot
from numpy import arange, argmax, isin, mean
from numpy.random import RandomState


# select, shuffle and one hot encode
def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # flat labels
    labels = y.flatten().astype("int64")
    # indices of the wanted classes in random order
    ix = arange(len(labels))[isin(labels, list(classes))]
    ix = RandomState(seed).permutation(ix)
    # rename the labels to 0, 1, 2...; the old labels are kept for comparing
    old = labels[ix]
    new = old.copy()
    for j, c in enumerate(classes):
        new[old == c] = j
    return x[ix], to_categorical(new, num_classes=len(classes))


# plot random images with titles
def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    n = min(count, len(x))
    ix = RandomState(seed).permutation(len(x))[:n]
    n_rows = (n + 4) // 5
    figure = pyplot.figure(figsize=(10, 6))
    for i in range(n):
        # define subplot
        pyplot.subplot(n_rows, 5, 1 + i)
        pyplot.axis("off")
        # plot raw pixel data
        pyplot.imshow(x[ix[i]])
        title = class_names[argmax(y[ix[i]])]
        if predictions is not None:
            title = "%s (%s)" % (title, class_names[argmax(predictions[ix[i]])])
        pyplot.title(title, fontsize=8)
    return figure


# one VGG block
def add_conv_block(model, filters):
    model.add(
        Conv2D(
            filters, (3, 3), activation="relu", kernel_initializer="he_uniform", padding="same"
        )
    )
    model.add(
        Conv2D(
            filters, (3, 3), kernel_initializer="he_uniform", padding="same", activation="relu"
        )
    )
    model.add(MaxPooling2D((2, 2)))
    return model


# define cnn model
def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = Sequential()
    model.add(Input(shape=input_shape))
    model.add(Rescaling(1.0 / 255.0))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 128)
    model.add(Flatten())
    model.add(Dense(128, activation="relu", kernel_initializer="he_uniform"))
    model.add(Dropout(0.2))
    model.add(Dense(num_classes, activation="softmax"))
    # compile model
    opt = SGD(learning_rate=0.01, momentum=0.9)
    model.compile(optimizer=opt, loss="categorical_crossentropy", metrics=["accuracy"])
    return model


# fit model
def train(
    model,
    x_train,
    y_train,
    x_val,
    y_val,
    *,
    epochs=20,
    batch_size=128,
    patience=3,
    checkpoint_path="best_model.keras",
    callbacks=(),
):
    es = EarlyStopping(monitor="val_accuracy", mode="max", verbose=1, patience=patience)
    mc = ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", verbose=1, save_best_only=True
    )
    history = model.fit(
        x_train,
        y_train,
        epochs=epochs,
        batch_size=batch_size,
        validation_data=(x_val, y_val),
        verbose=0,
        callbacks=[es, mc, *callbacks],
    )
    return history


# plot diagnostic learning curves
def plot_history(history):
    h = history if isinstance(history, dict) else history.history
    figure = pyplot.figure()
    pyplot.title("Classification Accuracy")
    pyplot.plot(h["accuracy"], color="blue", label="train")
    pyplot.plot(h["val_accuracy"], color="orange", label="validation")
    pyplot.xlabel("epoch")
    pyplot.ylabel("accuracy")
    pyplot.legend()
    return figure


# class probabilities
def predict(model, x):
    if isinstance(model, (str, PathLike)):
        model = load_model(model)
    return model.predict(x, verbose=0)


# run the test harness
def run_test_harness():
    names = ["airplane", "automobile", "bird"]
    (trainX, trainY), (testX, testY) = cifar10.load_data()
    trainX, trainY = subset_data(trainX, trainY, seed=1)
    testX, testY = subset_data(testX, testY, seed=1)
    valX, valY = trainX[:1500], trainY[:1500]
    trainX, trainY = trainX[1500:], trainY[1500:]
    show_examples(trainX, trainY, names)
    model = build_model()
    model.summary()
    history = train(model, trainX, trainY, valX, valY)
    plot_history(history)
    yhat = predict("best_model.keras", testX)
    show_examples(testX, testY, names, predictions=yhat)
    pyplot.show()
    print("> %.3f" % (mean(argmax(yhat, axis=1) == argmax(testY, axis=1)) * 100.0))


# entry point
if __name__ == "__main__":
    run_test_harness()
