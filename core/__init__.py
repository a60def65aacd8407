"""What both sides of the queue share: settings, errors, states, model specs, GPUs, hints."""
