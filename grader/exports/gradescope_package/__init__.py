"""The grader as an autograder of Gradescope: the zip file that is uploaded there, and what runs in its container."""
