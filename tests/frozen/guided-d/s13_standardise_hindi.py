# sound: Hindi comments; mean and standard deviation of the training set, SGD, selu.

# %%
# कार्य 1: लाइब्रेरी आयात करें
import numpy as np
import matplotlib.pyplot as plt
from tensorflow import keras as K

L = K.layers
SEED = 7
np.random.seed(SEED)
K.utils.set_random_seed(SEED)

# %%
# कार्य 2: CIFAR-10 से तीन वर्ग (हिरण, कुत्ता, जहाज़)
CLASSES = [4, 5, 8]
CLASS_TEXT = ["deer", "dog", "ship"]

(Xtr, ytr), (Xte, yte) = K.datasets.cifar10.load_data()


def three_of_ten(X, y):
    y = y.astype(int).ravel()
    ten_columns = K.utils.to_categorical(y, 10)
    three_columns = ten_columns[:, CLASSES]          # केवल तीन स्तंभ
    rows = three_columns.sum(axis=1) == 1            # जो इन तीन वर्गों में हैं
    X, Y = X[rows], three_columns[rows]
    state = np.random.permutation(X.shape[0])        # मिलाना
    return X[state], Y[state]


Xtr, Ytr = three_of_ten(Xtr, ytr)
Xte, Yte = three_of_ten(Xte, yte)
print("train", Xtr.shape, Ytr.shape)
print("test ", Xte.shape, Yte.shape)

# %%
# कार्य 3: कुछ यादृच्छिक चित्र


def grid_of(X, Y, title):
    chosen = np.random.permutation(len(X))[:20]
    fig = plt.figure(figsize=(11, 9))
    fig.suptitle(title)
    for position, index in enumerate(chosen):
        ax = fig.add_subplot(4, 5, position + 1)
        ax.imshow(X[index])
        ax.set_title(CLASS_TEXT[Y[index].argmax()])
        ax.set_axis_off()
    plt.show()


grid_of(Xtr, Ytr, "some of the training set")
grid_of(Xte, Yte, "some of the test set")

# %%
# कार्य 4: मॉडल


def add_conv(model, maps, times=1):
    for _ in range(times):
        model.add(L.Conv2D(maps, (3, 3), padding="same", activation="selu", kernel_initializer="lecun_normal"))
    model.add(L.MaxPooling2D())


model = K.Sequential()
model.add(L.Input(shape=(32, 32, 3)))
add_conv(model, 32, times=2)
add_conv(model, 64, times=2)
add_conv(model, 128)
model.add(L.Flatten())
model.add(L.AlphaDropout(0.2))
model.add(L.Dense(64, activation="selu", kernel_initializer="lecun_normal"))
model.add(L.Dense(3, activation="softmax"))
model.compile(
    optimizer=K.optimizers.SGD(learning_rate=0.01, momentum=0.9, nesterov=True),
    loss="categorical_crossentropy",
    metrics=["accuracy"],
)
print(model.summary())

# %%
# कार्य 5: प्रशिक्षण; माध्य और मानक विचलन केवल प्रशिक्षण सेट से
mean = Xtr.mean(axis=(0, 1, 2), keepdims=True)
std = Xtr.std(axis=(0, 1, 2), keepdims=True)


def standardise(X):
    return ((X - mean) / (std + 1e-7)).astype("float32")


es = K.callbacks.EarlyStopping(monitor="val_loss", min_delta=0.001, patience=4, verbose=1)
mc = K.callbacks.ModelCheckpoint(filepath="best_by_loss.keras", monitor="val_loss", save_best_only=True)
fitted = model.fit(
    x=standardise(Xtr),
    y=Ytr,
    validation_data=(standardise(Xte), Yte),
    batch_size=32,
    epochs=20,
    callbacks=[es, mc],
)

# %%
# कार्य 6: परिणाम
xs = range(1, 1 + len(fitted.history["loss"]))
plt.plot(xs, fitted.history["accuracy"], "b", label="Training accuracy")
plt.plot(xs, fitted.history["val_accuracy"], "g", label="Validation accuracy")
plt.legend()
plt.show()

# %%
model = K.models.load_model("best_by_loss.keras")
chosen = np.random.permutation(len(Xte))[:20]
output = model.predict(standardise(Xte[chosen]))
fig = plt.figure(figsize=(11, 9))
for position in range(20):
    ax = fig.add_subplot(4, 5, position + 1)
    ax.imshow(Xte[chosen[position]])
    guess = CLASS_TEXT[np.argmax(output[position])]
    truth = CLASS_TEXT[np.argmax(Yte[chosen[position]])]
    ax.set_title(f"{guess}\n(true: {truth})")
    ax.set_axis_off()
plt.tight_layout()
plt.show()
