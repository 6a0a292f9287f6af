# sound: Portuguese, a small helper divides by 255 in train and in predict, RMSprop
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras.callbacks import EarlyStopping, ModelCheckpoint
from keras.layers import Conv2D, Dense, Dropout, Flatten, Input, MaxPool2D
from keras.models import Sequential, load_model


def normaliza(imagens):
    """Pixels de 0-255 para 0-1."""
    return np.asarray(imagens, dtype=np.float32) / 255.0


def subset_data(x, y, classes=(0, 1, 2), seed=None):
    rotulos = y.squeeze() if y.ndim > 1 else y
    rotulos = np.atleast_1d(rotulos)
    lista_indices = []
    lista_colunas = []
    for i, rotulo in enumerate(rotulos):
        for coluna, classe in enumerate(classes):
            if rotulo == classe:
                lista_indices.append(i)
                lista_colunas.append(coluna)
    indices = np.array(lista_indices, dtype=int)
    colunas = np.array(lista_colunas, dtype=int)

    sorteio = np.random.RandomState(seed).permutation(len(indices))
    indices = indices[sorteio]
    colunas = colunas[sorteio]

    y_subset = np.zeros((len(indices), len(classes)), dtype=float)
    y_subset[np.arange(len(indices)), colunas] = 1.0
    return x[indices], y_subset


def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    quantos = min(count, len(x))
    sorteio = np.random.RandomState(seed).permutation(len(x))
    linhas = quantos // 5 + 1
    figura = plt.figure(figsize=(12, linhas * 3))
    for posicao in range(quantos):
        indice = sorteio[posicao]
        plt.subplot(linhas, 5, posicao + 1)
        plt.imshow(x[indice])
        plt.axis("off")
        verdade = class_names[np.argmax(y[indice])]
        if predictions is not None:
            palpite = class_names[np.argmax(predictions[indice])]
            plt.title("É: {}\nRede: {}".format(verdade, palpite))
        else:
            plt.title("É: {}".format(verdade))
    return figura


def add_conv_block(model, filters):
    model.add(Conv2D(filters, (3, 3), padding="same", activation="relu"))
    model.add(MaxPool2D(pool_size=(2, 2)))
    model.add(Dropout(0.2))
    return model


def build_model(input_shape=(32, 32, 3), num_classes=3):
    modelo = Sequential()
    modelo.add(Input(shape=input_shape))
    add_conv_block(modelo, 32)
    add_conv_block(modelo, 64)
    add_conv_block(modelo, 128)
    modelo.add(Flatten())
    modelo.add(Dense(128, activation="relu"))
    modelo.add(Dropout(0.3))
    modelo.add(Dense(num_classes, activation="softmax"))
    modelo.compile(
        loss="categorical_crossentropy",
        optimizer="rmsprop",
        metrics=["accuracy"],
    )
    return modelo


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
    parada = EarlyStopping(monitor="val_accuracy", patience=patience)
    melhor = ModelCheckpoint(checkpoint_path, monitor="val_accuracy", save_best_only=True)
    historico = model.fit(
        normaliza(x_train),
        y_train,
        batch_size=batch_size,
        epochs=epochs,
        validation_data=(normaliza(x_val), y_val),
        callbacks=[parada, melhor] + list(callbacks),
    )
    return historico


def plot_history(history):
    try:
        dados = history.history
    except AttributeError:
        dados = history
    figura = plt.figure()
    plt.plot(dados["accuracy"], label="treino")
    plt.plot(dados["val_accuracy"], label="validação")
    plt.xlabel("época")
    plt.ylabel("acurácia")
    plt.legend()
    return figura


def predict(model, x):
    if not isinstance(model, keras.Model):
        model = load_model(model)
    return model.predict(normaliza(x))


if __name__ == "__main__":
    nomes = ["avião", "automóvel", "pássaro"]
    (x_tudo, y_tudo), (x_teste, y_teste) = keras.datasets.cifar10.load_data()
    x_tudo, y_tudo = subset_data(x_tudo, y_tudo, seed=0)
    x_teste, y_teste = subset_data(x_teste, y_teste, seed=0)
    x_val, x_treino = x_tudo[:1500], x_tudo[1500:]
    y_val, y_treino = y_tudo[:1500], y_tudo[1500:]
    show_examples(x_treino, y_treino, nomes)
    plt.show()
    modelo = build_model()
    modelo.summary()
    historico = train(modelo, x_treino, y_treino, x_val, y_val)
    plot_history(historico)
    probabilidades = predict("best_model.keras", x_teste)
    show_examples(x_teste, y_teste, nomes, predictions=probabilidades)
    plt.show()
    print("Acurácia:", np.mean(probabilidades.argmax(1) == y_teste.argmax(1)))
