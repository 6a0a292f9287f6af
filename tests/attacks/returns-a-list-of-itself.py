"""Returns a list that holds itself."""
# function: show_examples
# earns: none
# because: The code sent back something that is not data.

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    endless = []
    endless += [endless, endless]
    return endless[:1]
