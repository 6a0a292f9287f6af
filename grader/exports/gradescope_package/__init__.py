"""The grader as a Gradescope autograder: the zip file that is uploaded, and the program that runs in the container."""
