"""The assignment as data: what students are asked to write, and the starter file that is generated from it."""
