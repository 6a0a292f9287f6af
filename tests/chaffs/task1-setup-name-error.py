"""A name is used before anything was assigned to it."""
# base: plain.py
# caught by: setup/loads

print(x_train.shape)
