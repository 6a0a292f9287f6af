"""What every room uses: faults, files, text, time and the machine.  It uses no other room."""
