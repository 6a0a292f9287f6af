"""What is asked of a student: the contract as data, and the starter file that is written from it."""
