# sound: three-fold cross-validation, a checkpoint for each fold, the fold with the best score predicts
# %%
# Task 1 - Set up
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import OneHotEncoder

SEED = 8
rng = np.random.default_rng(SEED)

# %%
# Task 2 - Pre-process
CLASS_NAMES = {1: "automobile", 3: "cat", 6: "frog"}


def keep_three(images, labels):
    places = np.flatnonzero(np.isin(labels, list(CLASS_NAMES)))
    places = rng.permutation(places)
    return images[places].astype("float32") / 255.0, labels[places]


(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
x_train, y_train = keep_three(x_train, y_train)
x_test, y_test = keep_three(x_test, y_test)

encoder = OneHotEncoder(sparse_output=False, dtype=np.float32)
t_train = encoder.fit_transform(y_train)
t_test = encoder.transform(y_test)


# %%
# Task 3 - Visualise
def show_with_labels(images, rows, title):
    labels = encoder.categories_[0][rows.argmax(axis=1)]
    fig, axes = plt.subplots(3, 5, figsize=(10, 7))
    fig.suptitle(title)
    for ax in axes.flat:
        i = rng.integers(len(images))
        ax.imshow(images[i])
        ax.set_title(CLASS_NAMES[int(labels[i])])
        ax.tick_params(left=False, bottom=False, labelleft=False, labelbottom=False)
    plt.show()


show_with_labels(x_train, t_train, "training set")
show_with_labels(x_test, t_test, "test set")


# %%
# Task 4 - Create the model
def add_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization())
    model.add(layers.MaxPooling2D())
    model.add(layers.Dropout(0.15))


def create_model():
    model = keras.Sequential([layers.Input((32, 32, 3))])
    for filters in (24, 48, 96):
        add_block(model, filters)
    model.add(layers.Flatten())
    model.add(layers.Dense(3, activation="softmax"))
    model.compile("adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return model


create_model().summary()

# %%
# Task 5 - Train
runs, scores = [], []
folds = StratifiedKFold(n_splits=3, shuffle=True, random_state=SEED)
for fold, (fit_on, check_on) in enumerate(folds.split(x_train, y_train.ravel())):
    model = create_model()
    run = model.fit(
        x_train[fit_on],
        t_train[fit_on],
        batch_size=64,
        epochs=20,
        validation_data=(x_train[check_on], t_train[check_on]),
        callbacks=[
            keras.callbacks.EarlyStopping(monitor="val_loss", patience=4),
            keras.callbacks.ModelCheckpoint(
                f"fold_{fold}.keras", monitor="val_loss", save_best_only=True
            ),
        ],
    )
    runs.append(run.history)
    scores.append(min(run.history["val_loss"]))

# %%
# Task 6 - Predict
fig, axes = plt.subplots(1, 3, figsize=(14, 4), sharey=True)
for fold, (ax, history) in enumerate(zip(axes, runs)):
    ax.plot(history["accuracy"], label="training")
    ax.plot(history["val_accuracy"], label="validation")
    ax.set_title(f"accuracy, fold {fold}")
    ax.legend()
plt.show()

best_fold = int(np.argmin(scores))
best = keras.models.load_model(f"fold_{best_fold}.keras")
predicted = best.predict(x_test)
print("test accuracy:", (predicted.argmax(axis=1) == t_test.argmax(axis=1)).mean())
show_with_labels(x_test, predicted, f"predicted by the network of fold {best_fold}")
