"""The checks of the guided form: what a notebook does when it runs from its first cell to its last."""
