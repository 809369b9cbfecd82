"""Answers to the exercises of lesson 03, The encoder, and words of what their checks print."""

import handseg_lib as hs


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


ANSWERS = [
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
