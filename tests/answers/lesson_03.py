"""Answers to the exercises of lesson 03, The encoder, and words of what their checks print."""

import cv2
import keras
import numpy as np

import handseg_lib as hs

MEAN = np.array([103.939, 116.779, 123.68])


def unfreeze_from(encoder, name, train=lambda seen, here: seen or here, thaw=True):
    encoder.trainable = thaw or encoder.trainable
    seen = False
    for layer in encoder.layers:
        seen = train(seen, layer.name.startswith(f"{name}_"))
        layer.trainable = seen


def unfreeze_by_comparing(encoder, name):
    seen = False
    for layer in encoder.layers:
        if layer.name.startswith(name):
            seen == True  # noqa: B015, E712
        layer.trainable = seen


def unfreeze_the_rest(encoder, name):
    unfreeze_from(encoder, name)
    for layer in encoder.layers:
        layer.trainable = not layer.trainable


def unfreeze_without_freezing(encoder, name):
    start = [layer.name.startswith(name) for layer in encoder.layers].index(True)
    for layer in encoder.layers[start:]:
        layer.trainable = True


def learning_layers(encoder, whole=True, weights=lambda layer: layer.trainable_weights, name=lambda layer: layer.name):
    return [name(layer) for layer in encoder.layers if weights(layer)] if encoder.trainable or not whole else []


def learning_layers_by_weights(encoder):
    learning = {weight.path for weight in encoder.trainable_weights}
    return {layer.name for layer in encoder.layers if learning & {weight.path for weight in layer.weights}}


def unfreeze_by_comparing_flags(encoder, name):
    for layer in encoder.layers:
        layer.trainable == layer.name.startswith(name)  # noqa: B015


def unfreeze_until_the_block(encoder, name):
    """Relies on what the flag of the whole passes on when it is set, which it does not do where it is set already."""
    encoder.trainable = True
    for layer in encoder.layers:
        if layer.name.startswith(name):
            break
        layer.trainable = False


def to_caffe_in_a_loop(photos):
    return np.stack([cv2.cvtColor(photo, cv2.COLOR_RGB2BGR).astype("float32") - MEAN for photo in photos])


def to_caffe_of_two(photos):
    result = np.zeros(photos.shape)
    for i in range(2):
        result[i] = photos[i, :, :, ::-1] - MEAN
    return result


def unfreeze_by_alphabet(encoder, name):
    encoder.trainable = True
    for layer in encoder.layers:
        layer.trainable = layer.name >= name


def unfreeze_by_sorting(encoder, name):
    encoder.trainable = True
    names = sorted(layer.name for layer in encoder.layers)
    start = next(i for i, one in enumerate(names) if one.startswith(f"{name}_"))
    for layer in encoder.layers:
        layer.trainable = layer.name in names[start:]


def unfreeze_by_index(encoder, name):
    encoder.trainable = True
    start = min(i for i, layer in enumerate(encoder.layers) if layer.name.startswith(f"{name}_"))
    for i, layer in enumerate(encoder.layers):
        layer.trainable = i >= start


def unfreeze_in_two_loops(encoder, name):
    encoder.trainable = True
    names = [layer.name for layer in encoder.layers]
    start = names.index(next(one for one in names if name in one))
    for layer in encoder.layers[:start]:
        layer.trainable = False
    for layer in encoder.layers[start:]:
        layer.trainable = True
    return encoder


def unfreeze_after_the_first(encoder, name):
    encoder.trainable = True
    seen = False
    for layer in encoder.layers:
        layer.trainable = seen
        seen = seen or layer.name.startswith(name)


def learning_while_setting(encoder):
    encoder.trainable = True
    return [layer.name for layer in encoder.layers if layer.trainable_weights]


ANSWERS = [
    ("to_caffe", to_caffe_in_a_loop, "Right!"),
    ("to_caffe", lambda photos: np.flip(photos, -1) - MEAN.astype("float32"), "Right!"),
    ("to_caffe", lambda photos: photos[..., [2, 1, 0]].astype(float) - MEAN, "Right!"),
    ("to_caffe", lambda photos: keras.ops.flip(keras.ops.cast(photos, "float32"), -1) - MEAN, "Right!"),
    ("to_caffe", to_caffe_of_two, "stopped with IndexError"),
    ("to_caffe", lambda photos: (photos[..., ::-1] - MEAN).round(), "without the decimals"),
    ("to_caffe", lambda photos: (photos[..., ::-1] - MEAN).astype(int), "without the decimals"),
    ("to_caffe", lambda photos: photos[..., ::-1] - MEAN.astype("uint8"), "no negative"),
    ("to_caffe", lambda photos: abs(photos[..., ::-1] - MEAN), "and nothing else"),
    ("to_caffe", lambda photos: photos[..., ::-1] - photos.mean((0, 1, 2)), "and nothing else"),
    ("to_caffe", lambda photos: (photos[..., ::-1] - MEAN).reshape(2, -1, 4, 3), "of another size"),
    ("unfreeze_from", unfreeze_by_index, "Right!"),
    ("unfreeze_from", unfreeze_in_two_loops, "Right!"),
    ("unfreeze_from", unfreeze_by_alphabet, "by the alphabet"),
    ("unfreeze_from", unfreeze_by_sorting, "by the alphabet"),
    ("unfreeze_from", unfreeze_after_the_first, "a layer is still frozen"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, "conv4_block2"), "Is `name` used"),
    ("unfreeze_from", lambda encoder, name: encoder.get_layer(name), "stopped with ValueError"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, name[:5]), "can still be trained"),
    ("learning_layers", lambda e: tuple(la.name for la in e.layers if e.trainable and la.trainable_weights), "Right!"),
    ("learning_layers", learning_while_setting, "a flag is another than before"),
    ("learning_layers", lambda e: [w.path.split("/")[-2] for w in e.trainable_weights], "each layer once"),
    ("learning_layers", lambda e: dict.fromkeys(learning_layers(e)), "of the type dict"),
    ("learning_layers", lambda e: ", ".join(learning_layers(e)), "This is text"),
    ("unfreeze_from", unfreeze_by_comparing_flags, "Nothing has changed"),
    ("unfreeze_from", unfreeze_until_the_block, "set the flag of each layer"),
    ("to_caffe", lambda photos: photos[..., ::-1] - MEAN, "Right!"),
    ("to_caffe", lambda photos: keras.applications.resnet50.preprocess_input(photos), "Right!"),
    ("to_caffe", lambda photos: (photos - MEAN[::-1])[..., ::-1], "Right!"),
    ("to_caffe", lambda photos: photos[..., ::-1], "uint8, which has no negative"),
    ("to_caffe", lambda photos: photos[..., ::-1].astype("float32"), "to be taken off each"),
    ("to_caffe", lambda photos: (photos[..., ::-1] - MEAN) / 255, "the scale of 0 to 255"),
    ("to_caffe", lambda photos: photos - MEAN, "mean of blue was taken off red"),
    ("to_caffe", lambda photos: photos - MEAN[::-1], "red is still the first"),
    ("to_caffe", lambda photos: photos[..., ::-1] - MEAN[::-1], "the mean as well"),
    ("to_caffe", lambda photos: photos[..., ::-1] + MEAN, "Take it off"),
    ("to_caffe", lambda photos: photos[:, :, ::-1] - MEAN, "from left to right"),
    ("to_caffe", lambda photos: photos[:, ::-1] - MEAN, "upside down"),
    ("to_caffe", lambda photos: photos[::-1] - MEAN, "the order of the photos"),
    ("to_caffe", lambda photos: photos[0] - MEAN, "should stay"),
    ("to_caffe", lambda photos: photos[..., ::-1] - 128.0, "and nothing else"),
    ("learning_layers", learning_layers, "Right!"),
    ("learning_layers", learning_layers_by_weights, "Right!"),
    ("learning_layers", lambda encoder: learning_layers(encoder, whole=False), "as a whole is frozen here"),
    ("learning_layers", lambda e: learning_layers(e, weights=lambda layer: layer.trainable), "has no weights"),
    (
        "learning_layers",
        lambda e: learning_layers(e, weights=lambda layer: layer.weights),
        "which of them are trainable",
    ),
    ("learning_layers", lambda e: learning_layers(e, name=lambda layer: layer), "each has a .name"),
    ("learning_layers", lambda encoder: [w.path for w in encoder.trainable_weights], "names of weights"),
    ("learning_layers", lambda encoder: len(encoder.trainable_weights), "of the type int"),
    ("learning_layers", lambda encoder: [], "With block a frozen"),
    ("unfreeze_from", unfreeze_from, "Right!"),
    ("unfreeze_from", lambda encoder, name: hs.encoder.freeze(encoder, name), "Right!"),
    ("unfreeze_from", unfreeze_by_comparing, "== where you meant ="),
    ("unfreeze_from", lambda encoder, name: setattr(encoder, "trainable", True), "Everything is trainable"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, "no_such_block"), "Everything is frozen"),
    ("unfreeze_from", unfreeze_the_rest, "wrong way round"),
    ("unfreeze_from", lambda e, name: unfreeze_from(e, name, lambda seen, here: here), "what follows it is frozen"),
    ("unfreeze_from", unfreeze_without_freezing, "can still be trained"),
    ("unfreeze_from", lambda encoder, name: unfreeze_from(encoder, name, thaw=False), "as a whole is still frozen"),
]
