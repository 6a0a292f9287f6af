"""Task 4: `add_conv_block` and `build_model`."""
