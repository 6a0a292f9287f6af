"""The sandbox: runs a submission where it can do no harm, and gets its answers as plain data.

`host` is the trusted side and `inside` the untrusted side; neither imports the other.  Both import `wire`, which
defines what crosses between them, and `levels`, which defines how a worker is confined.
"""
