# sound: Portuguese comments, pd.get_dummies labels, DataFrame plot of the history, true label as title and predicted label as xlabel
# %%
# Tarefa 1
import numpy as np
import pandas as pd
import matplotlib.pyplot as plt
import tensorflow as tf

classes = ["gato", "cachorro", "cavalo"]
numeros = [3, 5, 7]

# %%
# Tarefa 2 - só três classes
(xa, ya), (xb, yb) = tf.keras.datasets.cifar10.load_data()


def filtra(x, y, semente):
    serie = pd.Series(y.ravel().astype(int))
    serie = serie[serie.isin(numeros)]
    serie = serie.sample(frac=1, random_state=semente)  # embaralha; o índice vai junto
    rotulos = pd.get_dummies(pd.Categorical(serie.map(dict(zip(numeros, classes))), categories=classes))
    return x[serie.index.to_numpy()], rotulos.to_numpy(dtype="float32")


x_treino, y_treino = filtra(xa, ya, 1)
x_teste, y_teste = filtra(xb, yb, 2)
print("treino:", x_treino.shape, y_treino.shape, "teste:", x_teste.shape, y_teste.shape)
print(pd.Series(y_treino.argmax(1)).value_counts())


# %%
# Tarefa 3 - exemplos aleatórios
def mostra(x, y, previsto=None, n=8):
    sorteio = np.random.default_rng().choice(len(x), n, replace=False)
    fig, eixos = plt.subplots(1, n, figsize=(1.8 * n, 2.6))
    for eixo, i in zip(eixos, sorteio):
        eixo.imshow(x[i])
        eixo.set(xticks=[], yticks=[])
        eixo.set_title(classes[y[i].argmax()])
        if previsto is not None:
            eixo.set_xlabel("prev.: " + classes[previsto[i]])
    plt.tight_layout()
    plt.show()


mostra(x_treino, y_treino)
mostra(x_teste, y_teste)


# %%
# Tarefa 4 - a rede
def bloco(modelo, filtros):
    modelo.add(tf.keras.layers.Conv2D(filtros, 3, padding="same", activation="elu"))
    modelo.add(tf.keras.layers.AveragePooling2D(pool_size=2))
    modelo.add(tf.keras.layers.SpatialDropout2D(0.1))


modelo = tf.keras.Sequential()
modelo.add(tf.keras.layers.InputLayer(shape=(32, 32, 3)))
bloco(modelo, 48)
bloco(modelo, 96)
bloco(modelo, 128)
modelo.add(tf.keras.layers.Flatten())
modelo.add(tf.keras.layers.Dense(100, activation="elu"))
modelo.add(tf.keras.layers.Dropout(0.4))
modelo.add(tf.keras.layers.Dense(3, activation="softmax"))
modelo.compile(
    optimizer=tf.keras.optimizers.RMSprop(learning_rate=5e-4),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
print(modelo.summary())

# %%
# Tarefa 5 - treino
x_treino_n = (x_treino / 255).astype("float32")
x_teste_n = (x_teste / 255).astype("float32")

h = modelo.fit(
    x_treino_n,
    y_treino,
    epochs=35,
    validation_split=0.15,
    verbose=2,
    callbacks=[
        tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=4, min_delta=0.001),
        tf.keras.callbacks.ModelCheckpoint(filepath="melhor.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %%
# Tarefa 6 - gráfico
tabela = pd.DataFrame(h.history)[["accuracy", "val_accuracy"]]
tabela.index = tabela.index + 1
tabela.plot(style=["-", "--"], xlabel="época", ylabel="acurácia", figsize=(7, 4), grid=True)
plt.show()

# %%
# Tarefa 6 - previsões do melhor modelo: em cima o verdadeiro, embaixo o previsto
melhor = tf.keras.models.load_model("melhor.keras")
previsto = np.argmax(melhor.predict(x_teste_n), axis=1)
print(pd.crosstab(y_teste.argmax(1), previsto, rownames=["real"], colnames=["previsto"]))
mostra(x_teste, y_teste, previsto)
