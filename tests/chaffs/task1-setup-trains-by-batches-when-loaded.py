"""Trains batch by batch as soon as the file is loaded."""
# base: plain.py
# caught by: setup/trains-nothing

first_model = build_model()
for _ in range(3):
    batch = np.random.randint(0, 256, size=(16, 32, 32, 3))
    first_model.train_on_batch(batch, np.eye(3)[np.arange(16) % 3])
