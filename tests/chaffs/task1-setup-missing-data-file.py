"""Reads a file that only the student's own computer has."""
# base: plain.py
# caught by: setup/loads

data = np.load("C:/Users/me/Desktop/cifar_subset.npz")
