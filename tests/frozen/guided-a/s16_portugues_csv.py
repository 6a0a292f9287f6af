# sound: Portuguese, held-back part cut off as a slice, learning-rate callback and CSVLogger besides the two asked for, list comprehensions
# %%
# Tarefa 1 - bibliotecas
import keras
import matplotlib.pyplot as plt
import numpy as np
from keras import callbacks, layers

# %%
# Tarefa 2 - dados
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
todas = ["avião", "carro", "pássaro", "gato", "cervo", "cão", "sapo", "cavalo", "navio", "caminhão"]
escolhidas = ["carro", "sapo", "navio"]
codigos = [todas.index(nome) for nome in escolhidas]


def filtrar(imagens, rotulos):
    posicoes = [i for i, r in enumerate(rotulos.flatten()) if r in codigos]
    np.random.shuffle(posicoes)
    imagens = np.array([imagens[i] for i in posicoes])
    rotulos = np.array([codigos.index(rotulos[i, 0]) for i in posicoes])
    return imagens, keras.utils.to_categorical(rotulos, num_classes=len(codigos))


x_train, y_train = filtrar(x_train, y_train)
x_test, y_test = filtrar(x_test, y_test)


def normalizar(imagens):
    return imagens.astype("float32") / 127.5 - 1.0


# %%
# Tarefa 3 - visualizar
def mostrar(imagens, rotulos, quantas=10):
    figura, eixos = plt.subplots(2, quantas // 2, figsize=(12, 5))
    for eixo in eixos.ravel():
        sorteada = np.random.randint(imagens.shape[0])
        eixo.imshow(imagens[sorteada])
        eixo.set_xlabel(escolhidas[rotulos[sorteada].argmax()])
        eixo.set_xticks([])
        eixo.set_yticks([])
    plt.show()


mostrar(x_train, y_train)
mostrar(x_test, y_test)


# %%
# Tarefa 4 - rede
def bloco(rede, filtros, taxa):
    rede.add(layers.Conv2D(filtros, (5, 5), padding="same", activation="relu"))
    rede.add(layers.MaxPooling2D((2, 2)))
    rede.add(layers.Dropout(taxa))


def criar_rede(filtros=(32, 64, 64), taxas=(0.1, 0.2, 0.3)):
    rede = keras.Sequential()
    rede.add(keras.Input(shape=(32, 32, 3)))
    for f, t in zip(filtros, taxas):
        bloco(rede, f, t)
    rede.add(layers.Flatten())
    rede.add(layers.Dense(64, activation="relu", kernel_regularizer=keras.regularizers.l2(1e-4)))
    rede.add(layers.Dense(len(codigos), activation="softmax"))
    rede.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
    return rede


rede = criar_rede()
rede.summary()

# %%
# Tarefa 5 - treinar
corte = int(0.8 * len(x_train))
treino_x, treino_y = normalizar(x_train[:corte]), y_train[:corte]
valid_x, valid_y = normalizar(x_train[corte:]), y_train[corte:]


def taxa_por_epoca(epoca, taxa):
    return taxa if epoca < 10 else taxa * 0.95


lista = [
    callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=False),
    callbacks.ModelCheckpoint("rede_melhor.keras", monitor="val_loss", save_best_only=True),
    callbacks.LearningRateScheduler(taxa_por_epoca),
    callbacks.CSVLogger("treino.csv"),
]
registro = rede.fit(
    treino_x,
    treino_y,
    epochs=45,
    batch_size=32,
    validation_data=(valid_x, valid_y),
    callbacks=lista,
)

# %%
# Tarefa 6 - prever
fig, (esq, dir_) = plt.subplots(1, 2, figsize=(12, 4))
esq.plot(registro.history["accuracy"], label="treino")
esq.plot(registro.history["val_accuracy"], label="validação")
esq.set_title("acurácia")
esq.legend()
dir_.plot(registro.history["loss"], label="treino")
dir_.plot(registro.history["val_loss"], label="validação")
dir_.set_title("perda")
dir_.legend()
plt.show()

melhor = keras.models.load_model("rede_melhor.keras")
saida = melhor.predict(normalizar(x_test))
print("acertos:", np.mean(saida.argmax(axis=1) == y_test.argmax(axis=1)))
mostrar(x_test, saida)
