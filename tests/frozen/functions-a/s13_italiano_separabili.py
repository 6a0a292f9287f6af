# sound: Italian, separable convolutions with batch normalisation, merge of per-class lists
import os

import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import layers


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    """Sceglie le classi, mescola e codifica."""
    y_piatto = np.asarray(y).reshape(-1)
    parti_x = []
    parti_y = []
    for colonna, classe in enumerate(classes):
        scelte = x[y_piatto == classe]
        righe = np.zeros((len(scelte), len(classes)))
        righe[:, colonna] = 1
        parti_x.append(scelte)
        parti_y.append(righe)
    x_unite = np.concatenate(parti_x, axis=0)
    y_unite = np.concatenate(parti_y, axis=0)

    # si mescola tutto insieme con un solo ordine
    casuale = np.random.default_rng(seed)
    ordine = casuale.permutation(len(x_unite))
    return x_unite[ordine], y_unite[ordine]


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    casuale = np.random.default_rng(seed)
    ordine = casuale.permutation(len(x))
    quante = min(count, len(x))
    righe = quante // 5 + 1
    figura, assi = plt.subplots(righe, 5, figsize=(11, 2.7 * righe))
    assi = assi.reshape(-1)
    for k in range(len(assi)):
        assi[k].axis("off")
    for k in range(quante):
        i = ordine[k]
        assi[k].imshow(x[i])
        vera = class_names[int(np.argmax(y[i]))]
        if predictions is None:
            assi[k].set_title(vera)
        else:
            prevista = class_names[int(np.argmax(predictions[i]))]
            colore = "green" if prevista == vera else "red"
            assi[k].set_title(f"{vera}\nprevista: {prevista}", color=colore)
    return figura


def add_conv_block(model, filters):
    """Blocco: due convoluzioni separabili, normalizzazione, pooling."""
    model.add(layers.SeparableConv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.SeparableConv2D(filters, 3, padding="same", activation="relu"))
    model.add(layers.BatchNormalization(momentum=0.9))
    model.add(layers.MaxPooling2D())
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    rete = keras.Sequential(name="rete")
    rete.add(layers.Input(shape=input_shape))
    rete.add(layers.Rescaling(1.0 / 255))
    for filtri in [32, 64, 128]:
        add_conv_block(rete, filtri)
    rete.add(layers.GlobalAveragePooling2D())
    rete.add(layers.Dropout(0.3))
    rete.add(layers.Dense(num_classes, activation="softmax"))
    rete.compile(
        optimizer=keras.optimizers.Adam(learning_rate=0.002),
        loss="categorical_crossentropy",
        metrics=["accuracy"],
    )
    return rete


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
    fermata = keras.callbacks.EarlyStopping(
        monitor="val_accuracy", patience=patience, restore_best_weights=True
    )
    salvataggio = keras.callbacks.ModelCheckpoint(
        checkpoint_path, monitor="val_accuracy", save_best_only=True
    )
    altre = list(callbacks)
    storia = model.fit(
        x_train,
        y_train,
        validation_data=(x_val, y_val),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[fermata, salvataggio] + altre,
    )
    return storia


def plot_history(history):
    valori = history if isinstance(history, dict) else history.history
    epoche = np.arange(len(valori["accuracy"])) + 1
    figura, asse = plt.subplots(figsize=(8, 5))
    asse.plot(epoche, valori["accuracy"], label="addestramento")
    asse.plot(epoche, valori["val_accuracy"], label="validazione")
    asse.set_title("Accuratezza per epoca")
    asse.set_xlabel("epoca")
    asse.set_ylabel("accuratezza")
    asse.legend()
    return figura


def predict(model, x):
    if isinstance(model, (str, os.PathLike)):
        rete = keras.models.load_model(model)
    else:
        rete = model
    return rete.predict(x, verbose=0)


if __name__ == "__main__":
    nomi = ["aereo", "automobile", "uccello"]
    (x_tutte, y_tutte), (x_test, y_test) = keras.datasets.cifar10.load_data()
    x_tutte, y_tutte = subset_data(x_tutte, y_tutte, seed=0)
    x_test, y_test = subset_data(x_test, y_test, seed=0)
    x_val, x_train = np.split(x_tutte, [1500])
    y_val, y_train = np.split(y_tutte, [1500])
    show_examples(x_train, y_train, nomi)
    plt.show()
    rete = build_model()
    rete.summary()
    storia = train(rete, x_train, y_train, x_val, y_val)
    plot_history(storia)
    prob = predict("best_model.keras", x_test)
    show_examples(x_test, y_test, nomi, predictions=prob)
    plt.show()
    print("Accuratezza:", np.mean(prob.argmax(1) == y_test.argmax(1)))
