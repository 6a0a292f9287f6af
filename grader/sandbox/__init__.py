"""Running a submission where it can do no harm, and hearing from it in plain data.

`host` is the trusted side and `inside` the untrusted one; neither imports the other.  Both import `wire`, which says
what crosses between them, and `levels`, which says how a worker is confined.
"""
