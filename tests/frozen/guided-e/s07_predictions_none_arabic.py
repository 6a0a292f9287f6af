# sound: Arabic comments, one plotting helper with predictions=None used before and after training, LabelEncoder + to_categorical
# %%
# المهمة ١: استيراد المكتبات والدوال المساعدة
import numpy as np
import matplotlib.pyplot as plt
import keras
from keras.layers import Conv2D, BatchNormalization, MaxPooling2D, Dropout, Flatten, Dense, Input
from keras.utils import to_categorical
from sklearn.preprocessing import LabelEncoder

CIFAR = np.array(
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
)
WANTED = ["bird", "cat", "truck"]


def plot_examples(images, labels, class_names, predictions=None, count=9):
    """يعرض صوراً عشوائية مع أسمائها، ومع التوقعات إن وُجدت."""
    chosen = np.random.choice(np.arange(len(images)), count, replace=False)
    side = int(np.ceil(np.sqrt(count)))
    plt.figure(figsize=(2.4 * side, 2.6 * side))
    for place, i in enumerate(chosen):
        plt.subplot(side, side, place + 1)
        plt.imshow(images[i])
        text = class_names[np.argmax(labels[i])]
        if predictions is not None:
            text = f"pred: {class_names[np.argmax(predictions[i])]}\ntrue: {text}"
        plt.title(text, fontsize=10)
        plt.axis("off")
    plt.tight_layout()
    plt.show()


# %%
# المهمة ٢: تحميل البيانات والاحتفاظ بثلاثة أصناف فقط
(x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()

train_words = CIFAR[y_train.squeeze()]
test_words = CIFAR[y_test.squeeze()]

encoder = LabelEncoder().fit(WANTED)
names = list(encoder.classes_)

train_keep = np.isin(train_words, WANTED)
test_keep = np.isin(test_words, WANTED)

X_train = x_train[train_keep]
Y_train = to_categorical(encoder.transform(train_words[train_keep]), 3)
X_test = x_test[test_keep]
Y_test = to_categorical(encoder.transform(test_words[test_keep]), 3)

# خلط الصور والتسميات معاً
p = np.random.permutation(X_train.shape[0])
X_train, Y_train = X_train[p], Y_train[p]
p = np.random.permutation(X_test.shape[0])
X_test, Y_test = X_test[p], Y_test[p]
print(X_train.shape, Y_train.shape, X_test.shape, Y_test.shape)

# %%
# المهمة ٣: عرض أمثلة عشوائية
plot_examples(X_train, Y_train, names)
plot_examples(X_test, Y_test, names)

# %%
# المهمة ٤: النموذج
net = keras.Sequential()
net.add(Input(shape=X_train.shape[1:]))


def add_block(net, filters, kernel=3, drop=0.25):
    net.add(Conv2D(filters, kernel, padding="same", activation="relu"))
    net.add(BatchNormalization())
    net.add(Conv2D(filters, kernel, padding="same", activation="relu"))
    net.add(BatchNormalization())
    net.add(MaxPooling2D())
    net.add(Dropout(drop))


add_block(net, 32)
add_block(net, 64, drop=0.35)
net.add(Flatten())
net.add(Dense(128, activation="relu"))
net.add(Dropout(0.5))
net.add(Dense(3, activation="softmax"))
net.compile(optimizer=keras.optimizers.Adam(5e-4), loss="categorical_crossentropy", metrics=["accuracy"])
net.summary()

# %%
# المهمة ٥: التدريب مع التوقف المبكر وحفظ أفضل نموذج
scaled_train = X_train.astype("float32") / 255
scaled_test = X_test.astype("float32") / 255

fit_log = net.fit(
    scaled_train,
    Y_train,
    epochs=30,
    batch_size=64,
    validation_split=0.2,
    callbacks=[
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=5, restore_best_weights=True),
        keras.callbacks.ModelCheckpoint("best_ar.keras", monitor="val_loss", save_best_only=True),
    ],
)

# %%
# المهمة ٦: منحنى الدقة ثم التوقعات
plt.plot(fit_log.history["accuracy"], "g", label="training accuracy")
plt.plot(fit_log.history["val_accuracy"], "m:", label="validation accuracy")
plt.xlabel("epoch")
plt.legend()
plt.show()

best_net = keras.models.load_model("best_ar.keras")
test_probabilities = best_net.predict(scaled_test)
plot_examples(X_test, Y_test, names, predictions=test_probabilities, count=16)
