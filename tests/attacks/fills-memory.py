"""Takes memory without end."""
# function: add_conv_block
# earns: none
# because: The code used more than 1200 MB of memory.


def add_conv_block(model, filters):
    kept = []
    while True:
        kept.append(bytearray(b"x") * 2**24)
