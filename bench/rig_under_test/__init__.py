"""A simulated rig that is checked again and again, with faults planted while it runs."""
