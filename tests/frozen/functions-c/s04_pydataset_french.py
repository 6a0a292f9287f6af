# sound: a keras.utils.PyDataset feeds train, predict goes batch by batch with predict_on_batch, and the comments are French.
import math
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers

DIVISEUR = np.float32(255)


class Lots(keras.utils.PyDataset):
    """Donne les images par lots ; l'ordre change après chaque époque si `melanger` est vrai."""

    def __init__(self, images, etiquettes, taille, melanger, **kwargs):
        super().__init__(**kwargs)
        self.images = images
        self.etiquettes = np.asarray(etiquettes, dtype="float32")
        self.taille = taille
        self.melanger = melanger
        self.ordre = np.arange(len(images))
        self.on_epoch_end()

    def __len__(self):
        # le dernier lot peut être plus petit
        return math.ceil(len(self.ordre) / self.taille)

    def __getitem__(self, k):
        choix = self.ordre[k * self.taille : (k + 1) * self.taille]
        return self.images[choix].astype("float32") / DIVISEUR, self.etiquettes[choix]

    def on_epoch_end(self):
        if self.melanger:
            self.ordre = np.random.permutation(self.ordre)


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    # une liste d'indices par classe, dans l'ordre des classes demandées
    y_plat = np.squeeze(y, axis=1) if np.ndim(y) == 2 else np.asarray(y)
    indices, colonnes = [], []
    for colonne, classe in enumerate(classes):
        trouves = np.nonzero(y_plat == classe)[0]
        indices.append(trouves)
        colonnes.append(np.full(len(trouves), colonne))
    indices = np.concatenate(indices)
    colonnes = np.concatenate(colonnes)

    # le même mélange pour les images et pour les étiquettes
    melange = np.random.default_rng(seed).permutation(len(indices))
    indices, colonnes = indices[melange], colonnes[melange]
    return x[indices], keras.utils.to_categorical(colonnes, num_classes=len(classes))


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    generateur = np.random.default_rng(seed)
    choix = generateur.permutation(np.arange(len(x)))[:count]
    largeur = 5
    hauteur = max(1, math.ceil(len(choix) / largeur))
    figure = plt.figure(figsize=(2.5 * largeur, 2.8 * hauteur))
    for place, i in enumerate(choix):
        axe = figure.add_subplot(hauteur, largeur, place + 1)
        axe.imshow(x[i])
        axe.axis("off")
        titre = "vrai : " + class_names[np.argmax(y[i])]
        if predictions is not None:
            titre += "\nprédit : " + class_names[np.argmax(predictions[i])]
        axe.set_title(titre)
    figure.tight_layout()
    plt.show()
    return figure


def add_conv_block(model, filters):
    model.add(layers.Conv2D(filters, 3, padding="same"))
    model.add(layers.MaxPooling2D())
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.LeakyReLU(negative_slope=0.1))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    model = keras.models.Sequential()
    model.add(keras.Input(shape=tuple(input_shape)))
    add_conv_block(model, 32)
    add_conv_block(model, 64)
    add_conv_block(model, 96)
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.2))
    model.add(layers.Dense(num_classes))
    model.add(layers.Softmax())
    model.compile(
        loss="categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    return model


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
    entrainement = Lots(x_train, y_train, batch_size, melanger=True)
    validation = Lots(x_val, y_val, batch_size, melanger=False)
    arret = keras.callbacks.EarlyStopping(monitor="val_accuracy", mode="max", patience=patience)
    sauvegarde = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", mode="max", save_best_only=True, verbose=1
    )
    return model.fit(
        entrainement,
        validation_data=validation,
        epochs=epochs,
        shuffle=False,
        callbacks=list(callbacks) + [arret, sauvegarde],
    )


def plot_history(history):
    if isinstance(history, keras.callbacks.History):
        history = history.history
    figure, axe = plt.subplots()
    n = len(history["accuracy"])
    axe.plot(range(1, n + 1), history["accuracy"], "b-o", label="entraînement")
    axe.plot(range(1, n + 1), history["val_accuracy"], "r-o", label="validation")
    axe.set_xlabel("époque")
    axe.set_ylabel("exactitude")
    axe.legend()
    plt.show()
    return figure


def predict(model, x):
    # accepte aussi le chemin d'un modèle enregistré
    if isinstance(model, (str, os.PathLike)):
        model = keras.models.load_model(model)
    pas = 200
    morceaux = []
    for debut in range(0, len(x), pas):
        lot = np.asarray(x[debut : debut + pas], dtype="float32") / DIVISEUR
        morceaux.append(model.predict_on_batch(lot))
    return np.concatenate(morceaux, axis=0)
