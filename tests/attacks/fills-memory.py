"""Takes memory without end."""
# function: show_examples
# earns: none
# because: The code used more than

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    kept = []
    while True:
        kept.append(bytearray(b"x") * 2**24)
