"""Raises what ends programs and generators."""
# function: show_examples
# earns: none
# because: GeneratorExit

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    raise GeneratorExit
