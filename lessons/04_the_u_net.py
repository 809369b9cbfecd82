# %% [markdown]
# # 04 The U-Net
#
# *The encoder can tell that there is a hand. But its last features are so coarse that the outline of a finger is lost.
# This lesson builds the way back to the full size, and shows what each part of it does.*

# %% [markdown]
# This lesson builds the right arm of the network, and the skips that lead there. Click on a block to open it.

# %%
hs.explore.open_network(("skips", "decoder"))

# %% [markdown]
# **You will be able to**
# - measure how good an outline a coarse grid allows, before you train anything;
# - build a step of a U-Net's decoder, and predict every shape in the network;
# - find out from a network's answer whether the network computed it at half the size;
# - count the parameters of a network by hand;
# - find out what a skip does, by taking it away.
#
# **Time:** 90 minutes to work through; the computer needs {{ceil(memory["04"].wall_seconds / 60)}} of them on two CPU
# cores. If you have never built a network before, take half an hour more.
#
# **You need:** [03 The encoder](03_the_encoder.ipynb).

# %% [markdown]
# ## 1. What, and where
#
# The [encoder](../docs/glossary.md#encoder) of lesson 03 halves the side of the photo four times. The course's finished
# network takes photos of 224 x 224 pixels, and this lesson uses this size throughout. So the encoder ends in a grid of
# 14 x 14 cells. Each cell has seen a large part of the photo, so it can tell **what** is there. But one cell stands for
# 16 x 16 pixels. Nothing made it learn **where** in this square the outline runs.
#
# How good an outline can such a grid give? You can measure that without a network. Take a true mask, and give each cell
# the share of its pixels that are hand. Then enlarge the grid to the old size. If a pixel's value is 0.5 or more, call
# the pixel hand. There are two ways to enlarge: repeat each cell, or pass smoothly from the middle of one cell to the
# middle of the next.
#
# <!-- holds: card.size == 224 -->

# %%
import cv2
import numpy as np


def shares(mask, side):
    """For each cell of a grid, the share of its pixels that are hand."""
    return cv2.resize(mask.astype("float32"), (side, side), interpolation=cv2.INTER_AREA)


def enlarged(cells, mask, smooth=True):
    """The grid at the mask's size, cut at 0.5."""
    way = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST_EXACT
    return (cv2.resize(cells, mask.shape[::-1], interpolation=way) >= 0.5).astype("uint8")


# %%
size = 224
profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]

mask = four[0].read()[1]
pictures, titles = [mask], ["true mask"]
for side in (14, 28):
    for way in ("repeated", "smooth"):
        pictures.append(enlarged(shares(mask, side), mask, way == "smooth"))
        titles.append(f"{side} x {side}, {way}:\nIoU {hs.metrics.iou(mask, pictures[-1]):.3f}")

# %%
hs.plots.images(
    pictures,
    titles,
    alt="A true mask, and what is left of it in grids of 14 and 28 cells a side. Repeated, fingers are stairs; smooth, "
    "they are round, and with 14 cells some of the gaps between them are closed.",
    columns=5,
)

# %% [markdown]
# [IoU](../docs/glossary.md#iou) is the number of pixels that are hand in both masks, divided by the number of pixels
# that are hand in at least one of them. If the masks agree, the IoU is 1 (lesson 05). Here are the means over some of
# the masks, for grids of four sizes:

# %%
import pandas as pd

truth = [sample.read()[1] for sample in samples[:: max(1, len(samples) // 24)]]
sides = (14, 28, 56, 112)


def mean_iou(side, smooth):
    """Of all masks in `truth`, each sent through a grid and back."""
    return np.mean([hs.metrics.iou(mask, enlarged(shares(mask, side), mask, smooth)) for mask in truth])


# %%
scores = {way: [mean_iou(side, way == "smooth") for side in sides] for way in ("repeated", "smooth")}
grids = pd.DataFrame(scores, index=pd.Index(sides, name="cells a side"))
assert grids.repeated[14] < 0.9 and (grids.smooth > grids.repeated).all()
grids.round(3)

# %% [markdown]
# Look at the row of 14 cells. If a network has only 14 x 14 cells and repeats them, it cannot do better than about 0.8.
# If it enlarges them smoothly, the same grid allows much more. The outline can then run anywhere between the middles of
# two cells. Some good networks, such as DeepLab and SegFormer, compute their answer on a coarse grid and enlarge it
# smoothly.
#
# <details>
# <summary>Could a network choose better cells than these shares?</summary>
#
# Yes, a little. A network may give any number for each cell, and not only the share. Where the answer is wrong,
# training corrects these numbers. The next function does the same 60 times. If a cell has missed pixels, it raises the
# cell's number. If a cell has pixels that are falsely called hand, it lowers the number. With these numbers, 14 cells a
# side reach more than 0.9. You can try it in a new cell.
#
# ```python
# def adjusted(mask, side):
#     cells = shares(mask, side)
#     for _ in range(60):
#         cells += 0.5 * shares(mask.astype("float32") - enlarged(cells, mask), side)
#     return enlarged(cells, mask)
#
# np.mean([hs.metrics.iou(mask, adjusted(mask, 14)) for mask in truth])
# ```
#
# </details>
#
# Coarse cells lose thin things: fingertips, and gaps between fingers. And the table says only what the cells *could*
# hold. The last stage of the encoder was trained to name things. To name a thing, nobody needs such an exact outline.
# The earlier stages of the encoder have finer grids. The decoder brings these grids back.

# %% [markdown]
# ## 2. Exercise: the four sides (warm-up)
#
# The encoder returns four [feature maps](../docs/glossary.md#feature-map), one after each halving. Write a function
# that takes the side of a photo and returns the sides of these four maps, the largest first. Assume that the side can
# be divided by 16. (Section 13 says what happens if it cannot.)


# %%
def map_sides(size):
    # <solution>
    return [size // 2**halvings for halvings in (1, 2, 3, 4)]
    # </solution>


# %%
hs.check.map_sides(map_sides)

# %% [markdown]
# ## 3. Up again: the up-convolution
#
# To double the side, each pixel has to become a block of 2 x 2 pixels. What values should they have? The network can
# learn these values, in a layer that is called an [up-convolution](../docs/glossary.md#up-convolution). (Keras calls it
# `Conv2DTranspose`, papers call it *transposed convolution* or *deconvolution*.) With size 2, it has a kernel of 2 x 2
# weights. Each pixel of the input makes one block of the output: the value of the pixel times the kernel. The
# **stride** is the distance from the corner of one block to the corner of the next. Try it with simple numbers, and a
# stride of 2. (Keras wants arrays with four axes. So the code adds the missing ones with `None`, and takes them off
# again.)

# %%
import keras
from keras import layers, ops

x = np.array([[1, 10], [0, 100]], "float32")
kernel = np.array([[1, 2], [3, 4]], "float32")

up = layers.Conv2DTranspose(1, 2, strides=2, use_bias=False)
up.build((None, 2, 2, 1))
up.set_weights([kernel[:, :, None, None]])
painted = ops.convert_to_numpy(up(x[None, :, :, None]))[0, :, :, 0]
assert np.array_equal(painted, np.kron(x, kernel))  # numpy's name for it

# %%
cells = np.arange(4).reshape(2, 2)
hs.plots.numbers(
    [x, kernel, painted],
    ["input", "kernel", "output"],
    alt="A 2 x 2 input with 1, 10, 0 and 100; a kernel with 1, 2, 3 and 4; the 4 x 4 output: four copies of the "
    "kernel, each multiplied by the input pixel in its place.",
    shades=[cells, 0 * cells, np.kron(cells, np.ones((2, 2)))],
)

# %% [markdown]
# The size of the kernel and the stride are both 2, so the blocks lie side by side. With a kernel of size 3, the blocks
# would overlap. Some pixels would then belong to more blocks than others, and the result would often [look like a
# checkerboard](https://distill.pub/2016/deconv-checkerboard/). (A network that has hardly been trained can show a grid
# even with size 2. The four numbers of its kernels are still random, so the four pixels of a block differ. During
# training, this grid fades. In place of an up-convolution, many newer networks enlarge smoothly, and then use an
# ordinary convolution.)
#
# With many channels, the layer works in the same way. It has one kernel for each pair of an input and an output
# channel. For each output channel, it adds up the results of all input channels. So an up-convolution also changes the
# number of channels.

# %% [markdown]
# ## 4. The skips
#
# An up-convolution cannot bring back what is lost. But the first layers of the encoder did see the fine edges, before
# the side was halved. A [**skip**](../docs/glossary.md#skip) passes these early features directly to the decoder. They
# join it where the decoder's map has the same side. This is the idea of the [U-Net](https://arxiv.org/abs/1505.04597).
# The coarse features say what is there, and the skips say where it is.
#
# From which layers of the encoder should the skips come? The course reads the last layer of each stage. These places
# are its [taps](../docs/glossary.md#tap). The fourth tap is not a skip. It is the
# [**bottleneck**](../docs/glossary.md#bottleneck), the place where the way down ends, with the most channels and the
# fewest cells. The decoder begins there.
#
# It is easy to tap a convolution in the middle of a block by mistake. Published code does this. The next table has the
# course's four taps. In its last row is a convolution from the middle of a block:

# %%
encoder = hs.encoder.build_encoder(size)
images = hs.Batches(four[:1], size)[0][0]
names = [*hs.encoder.TAPS["default"], "conv3_block3_2_conv"]
tapped = keras.Model(encoder.input, [encoder.get_layer(name).output for name in names])
rows = []
for name, features in zip(names, tapped(images)):
    values = ops.convert_to_numpy(features)
    rows.append([name, values.shape[1], values.shape[-1], float(values.min()), float(values.max())])
taps = pd.DataFrame(rows, columns=["layer", "side", "channels", "smallest", "largest"]).set_index("layer")
assert (taps.smallest.iloc[:4] >= 0).all() and taps.smallest.iloc[4] < 0
taps.round(1)

# %% [markdown]
# The smallest number of the last row is negative. This layer comes before batch norm and
# [ReLU](../docs/glossary.md#relu). Only its own batch norm reads its numbers. The later blocks never see them. A
# decoder can learn from such numbers all the same, so the loss does not warn you. But there is a check of one line:
# **after a ReLU, no number is negative.** When you tap a layer, print its name, its channels and its smallest value.
#
# Is this check worth the trouble? In the [small test](../docs/glossary.md#small-test), the IoU is
# {{ablation["the recipe"].iou:.3f}} with the course's taps. With four taps before the ReLU, the IoU is
# {{ablation["skips before batch norm and ReLU"].iou:.3f}}, and worse for each of the nine persons. So the check is
# worth it.
#
# <!-- holds: ablation["skips before batch norm and ReLU"].worse_persons == 9 -->

# %% [markdown]
# ## 5. One step, line by line
#
# A [decoder](../docs/glossary.md#decoder) repeats one step several times. The step has three parts: up, join, mix. Here
# is the first step, from the bottleneck to the first skip. Before you run the cell, guess which shape each line will
# print. (Each shape begins with `None`. This stands for the number of photos, which is still open.)

# %%
photo = keras.Input((size, size, 3))
*skips, x = encoder(photo)  # the last map goes to x, and the others to the list skips
print("bottleneck     ", x.shape, " skip", skips[-1].shape)

x = layers.Conv2DTranspose(128, 2, strides=2)(x)
print("up-convolution ", x.shape)
x = layers.Concatenate()([x, skips[-1]])
print("joined         ", x.shape)
x = layers.Conv2D(128, 3, padding="same", use_bias=False)(x)
x = layers.BatchNormalization(momentum=0.9)(x)
x = layers.ReLU()(x)
print("mixed          ", x.shape)

# %% [markdown]
# - **Up.** The up-convolution doubles the side: `2` is the size of its kernel, and `strides=2` is its stride. The
#   up-convolution also reduces 1024 channels to 128.
# - **Join.** `Concatenate` puts the channels of both inputs one behind the other: 128 from below and 512 from the skip.
#   One could also add the two, but then both would need the same number of channels. After a join, the next convolution
#   learns how much weight to give to each channel.
# - **Mix.** The 3 x 3 convolution combines both. For example, it can learn this: if the coarse features say "hand" and
#   the skip says "edge", there is the outline. `padding="same"` puts a border of zeros round the map, so that the
#   result has the same side. Without the border, the 3 x 3 kernel would not fit on the outermost pixels, and a side of
#   28 would become 26.
# - **Batch norm** keeps the values in a range in which training works well. It has a shift of its own, so the
#   convolution before it needs no bias (`use_bias=False`). In each training step, it moves its stored mean and variance
#   a little. With `momentum=0.9`, it keeps 90 % of the old value, and takes 10 % from the batch. With Keras's default,
#   it keeps 99 %. This is too slow here, because a few hundred photos make only a few steps. (PyTorch counts the other
#   way round: its default, `momentum=0.1`, is Keras's 0.9.)

# %% [markdown]
# ## 6. Exercise: one step up (core)
#
# Write the step as a function. Like the lines of section 5, it takes feature maps and returns one: each layer is made
# and called in one line, as in `layers.ReLU()(x)`. `x` holds the coarse features, `skip` holds the encoder's features
# at twice the side, and `width` is the number of channels of the result. The last step of the decoder has no skip. In
# this step `skip` is `None`, and nothing is joined.
#
# You may use `UpSampling2D` in place of the up-convolution. It repeats each pixel, and keeps all 1024 channels. You
# may also use another normalisation than batch norm.


# %%
def up_step(x, skip, width):
    # <solution>
    x = layers.Conv2DTranspose(width, 2, strides=2)(x)
    if skip is not None:
        x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)
    # </solution>


# %%
hs.check.up_step(up_step)

# %% [markdown]
# ## 7. The whole U
#
# The decoder has four steps. Three of them have a skip, and the last one leads back to the size of the photo. Each step
# has half as many channels as the one before. The library's function for one step is `hs.unet.up_step`. With this
# function, the whole network is short:


# %%
def build_unet(size, width=128):
    photo = keras.Input((size, size, 3))
    *skips, x = hs.encoder.build_encoder(size)(photo)
    for skip in [*reversed(skips), None]:
        x = hs.unet.up_step(x, skip, width)
        width //= 2
    hand = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(x)
    return keras.Model(photo, hand)


# %% [markdown]
# The last convolution looks at one pixel at a time, and computes one number $z$ from the 16 channels of this pixel. The
# [sigmoid](../docs/glossary.md#sigmoid) $1 / (1 + e^{-z})$ turns this number into a probability between 0 and 1. If the
# other layers use a shorter number format (lesson 06), this layer still computes in float32, because the loss needs
# many digits of a probability close to 0 or 1.
#
# For several kinds of thing, such as hand, sleeve and ring, the last convolution has one channel for each kind. A
# *softmax* in place of the sigmoid then makes the probabilities of a pixel add up to 1.
#
# Before you look at the diagram: a photo of 320 x 320 pixels goes in. Write down the shape after each of the four
# steps.
#
# <details>
# <summary>The four shapes</summary>
#
# 40 x 40 x 128, 80 x 80 x 64, 160 x 160 x 32 and 320 x 320 x 16.
#
# </details>

# %%
unet = build_unet(size)
hs.explore.draw_network(model=unet, image=images[0])

# %% [markdown]
# The picture shows where the name U-Net comes from. The library's `hs.build_unet` builds the same network. The next
# cell checks this: the two networks have the same number of parameters, and with the same weights they give the same
# answer, to the last digit.

# %%
library = hs.build_unet(size)
library.set_weights(unet.get_weights())
ours, theirs = (ops.convert_to_numpy(model(images)) for model in (unet, library))
assert unet.count_params() == library.count_params() == 10_109_249
assert ours.shape == theirs.shape == (1, size, size, 1) and np.array_equal(ours, theirs)
print("the same answer to the last digit:", np.array_equal(ours, theirs))

# %% [markdown]
# You will meet other U-Nets. Many have two convolutions in each step, and a fourth skip, at the full size. Our network
# has no skip at its last step: the encoder's finest features have half the side of the photo. We have not measured what
# a fourth skip would gain. And in PyTorch you would leave out the sigmoid, and give $z$ to a loss that includes it
# (`BCEWithLogitsLoss`).

# %% [markdown]
# ## 8. An answer at half the size
#
# Some U-Nets end with an `UpSampling2D`, which repeats each pixel, followed only by a 1 x 1 convolution. (The article's
# network is one of them.) The answer of such a network has the full size, but the four pixels of each block of 2 x 2
# have the same number. You can see this without training. Count how many different numbers there are in an answer, and
# look at a few numbers from its middle:

# %%
published = hs.as_published.build_unet(size, weights=None)
corners, middle = [], slice(size // 2, size // 2 + 4)
for name, model in {"ends with UpSampling2D": published, "ours": unet}.items():
    hand = ops.convert_to_numpy(model(images))
    corners.append(1000 * hand[0, middle, middle, 0])
    different = len(np.unique(hand))
    print(f"{name}: {hand.size} pixels, {different} different numbers")
    assert (different <= hand.size / 4) == (model is published)

# %%
hs.plots.numbers(
    [corner.round().astype(int) for corner in corners],
    ["ends with UpSampling2D, times 1000", "ours, times 1000"],
    alt="4 x 4 pixels from the middle of two answers. On the left each block of 2 x 2 pixels is one number.",
)

# %% [markdown]
# What do the repeated pixels cost? Look at the row of 112 cells in section 1. With repeated cells, no answer can be
# better than the first column, however long you train. If the network enlarged smoothly, next to nothing would be lost.
# So the mistake is small, and easy to mend: `UpSampling2D(interpolation="bilinear")`, or a step that is learned.
#
# From this follows a general rule. **Before you train, compute the best score that your design allows.** This takes a
# minute, and you only need true masks. If you do not know this limit, and your score stops there, you will look for a
# mistake in the data or in the learning rate, and find none. When you compute the limit, enlarge in the same way as
# your network does. In section 1, repeating the cells gave a limit that is far too low for a network that enlarges
# smoothly.

# %% [markdown]
# ## 9. Exercise: is this answer doubled? (core)
#
# A network that you did not build returns masks of 224 x 224 pixels. Were they computed at 112 x 112, and then doubled?
# The shape does not tell you. A low count of different numbers is a hint, but no proof. Write a test, `is_doubled`.
#
# The function takes an array of shape (photos, height, width, 1). Height and width are even. Cut each photo into blocks
# of 2 x 2 pixels; the first block begins in the upper left corner. If the four pixels are equal in every block of every
# photo, return `True`. Otherwise return `False`.


# %%
def is_doubled(hand):
    # <solution>
    corners = hand[:, ::2, ::2]  # the upper left pixel of each block
    return np.array_equal(hand, corners.repeat(2, axis=1).repeat(2, axis=2))
    # </solution>


# %%
hs.check.is_doubled(is_doubled)

# %% [markdown]
# Once the check says "Right!", try your function in a new cell: `is_doubled(ops.convert_to_numpy(published(images)))`,
# and then with `unet` in the place of `published`.

# %% [markdown]
# ## 10. Where the parameters are
#
# Which part of the network has most of the ten million parameters: the encoder, or one of the four steps of the
# decoder? Guess, then count:


# %%
def parameters(model):
    step, parts = 0, []
    for layer in model.layers:
        step += isinstance(layer, layers.Conv2DTranspose)
        parts.append(f"step {step}" if step else "encoder")
    counts = pd.Series([layer.count_params() for layer in model.layers])
    return counts.groupby(parts).sum()


table = parameters(unet)
table["all"] = table.sum()
table.map("{:,}".format)

# %% [markdown]
# Most of this U-Net is its encoder, and the encoder was trained by others. You train the decoder from nothing. Most of
# its parameters are in the first step, where there are many channels. But parameters are not the whole cost. A weight
# is used once at each place of its map. In the bottleneck there are 14 x 14 places. In the last step there are 224 x
# 224, which is 256 times as many.
#
# Skips cost parameters as well. For the channels of a skip, the convolution that mixes needs 3 x 3 x channels x width
# weights:

# %%
for skip, width in zip(reversed(skips), (128, 64, 32)):
    _, side, _, channels = skip.shape
    print(f"skip of {side:3} pixels a side, {channels:3} channels: {9 * channels * width:7,} weights")

# %% [markdown]
# The finest skip has few weights. But each of these weights is used at 16 times as many places as a weight of the
# coarsest skip. 16 x 18,432 is 294,912, which is half of 589,824. So the finest skip has a thirtieth of the weights of
# the coarsest skip, but needs half as many multiplications.
#
# Could the decoder have fewer channels? In the small test, the IoU is {{ablation["the recipe"].iou:.3f}} with the
# course's width, and {{ablation["decoder half as wide"].iou:.3f}} with half the width. For each of the nine persons the
# wider decoder is better ([results](../docs/results.md)).
#
# <!-- holds: ablation["decoder half as wide"].worse_persons == 9 -->

# %% [markdown]
# ## 11. Exercise: count a step by hand (stretch)
#
# If you can count the parameters of a network, you have understood its layers, and you know the cost of a change before
# you make it. Count the parameters of one step of the decoder, with the layers of section 5. `x` is the number of
# channels that come from below, and `skip` is the number of channels that come from the skip (0 if there is no skip).
# `width` is the number of channels of the result. Return one number, as `count_params` would.
#
# The up-convolution has a kernel of 2 x 2 weights for each pair of an input and an output channel, and a bias for each
# output channel. The 3 x 3 convolution has no bias. Batch norm has four numbers for each channel: scale, shift, mean
# and variance.


# %%
def step_parameters(x, skip, width):
    # <solution>
    up = 2 * 2 * x * width + width
    mix = 3 * 3 * (width + skip) * width  # it has no bias
    norm = 4 * width
    return up + mix + norm
    # </solution>


# %%
hs.check.step_parameters(step_parameters)

# %% [markdown]
# In the table of section 10, the first step has 1024 channels from below, 512 channels from the skip, and a
# width of 128. Does your function give the number that stands there? (Step 4 of the table includes the final 1 x 1
# convolution, with 16 weights and a bias.)

# %% [markdown]
# ## 12. Take a skip away
#
# What do the skips do in a trained network? Take the course's own model, and split it in two. The first part is the
# encoder, which gives four feature maps. The second part is the decoder, which takes the four maps. Between the two,
# set a map to zero. After a ReLU, zero means "nothing found here". (But the decoder has never seen a map of zeros. So
# if the IoU falls, this may be a part of the reason.)
#
# Guess before you run the cells: how much does the IoU fall without the finest skip, the one of 112 x 112? And how much
# without all three?
#
# You need not follow the code of the next three cells. They cut the network behind its encoder, set some maps to zero,
# and compute IoUs.

# %%
predictor = hs.load_predictor()
trained = predictor.model
first = next(layer for layer in trained.layers if isinstance(layer, layers.Conv2DTranspose))
joins = [layer for layer in trained.layers if isinstance(layer, layers.Concatenate)]
decoder = keras.Model([first.input, *(join.input[1] for join in joins)], trained.output)  # input[1]: the skip

# %%
chosen = split.test[:: max(1, len(split.test) // 16)]
images, masks = hs.Batches(chosen, predictor.size, len(chosen))[0]
features = trained.get_layer("encoder").predict(images, batch_size=8, verbose=0)[::-1]  # the bottleneck first


def predict_without(*off):
    kept = [0 * f if i in off else f for i, f in enumerate(features)]
    return decoder.predict(kept, batch_size=8, verbose=0)


assert np.allclose(predict_without()[:1], trained(images[:1]), atol=1e-4)  # nothing off: the whole model

# %%
true, names = masks[..., 0], [f"{f.shape[1]} x {f.shape[2]}" for f in features]
cuts = {"all skips": (), **{f"without {names[i]}": (i,) for i in (1, 2, 3)}}
cuts |= {f"only {names[i]}": tuple({1, 2, 3} - {i}) for i in (1, 2, 3)} | {"no skip": (1, 2, 3)}
hands = {name: predict_without(*off)[..., 0] for name, off in cuts.items()}
preds = {name: (hand >= predictor.threshold).astype("uint8") for name, hand in hands.items()}
table = pd.DataFrame({"IoU": {name: np.mean([*map(hs.metrics.iou, true, pred)]) for name, pred in preds.items()}})
table["wrong pixels in a photo"] = {name: (pred != true).mean() * true[0].size for name, pred in preds.items()}
fall, more = table.IoU["all skips"] - table.IoU["no skip"], table.iloc[-1, 1] / table.iloc[0, 1]
print(f"no skip: the IoU falls by {fall:.2f}, and {more:.1f} times as many pixels are wrong")
assert fall > 0.1
table.round({"IoU": 3, "wrong pixels in a photo": 0})

# %% [markdown]
# If you take away one skip, the IoU falls by a few hundredths at most, on average. So the other two skips must bring
# much of what the missing skip brings. With only one skip left, more is lost. Compare the three rows that begin with
# "only": which skip is worth most alone? Without all three, the IoU falls much further: the line above the table says
# how far. So the three skips do not bring three separate parts of the outline. Any two of them can do most of the work.
#
# With so few photos, a difference of 0.01 means little. Here is the hand with the thinnest parts. Thin things lose more
# than the average, and so does this hand:

# %%
fingers = [cv2.erode(mask, np.ones((9, 9), np.uint8)).sum() / mask.sum() for mask in true]
thin = int(np.argmin(fingers))  # the hand that loses most if four pixels are taken off all round
shown = [name for name in hands if not name.startswith("only")]
hs.plots.images(
    [images[thin], *(hands[name][thin] for name in shown)],
    ["photo"] + [f"{name}\nIoU {hs.metrics.iou(true[thin], preds[name][thin]):.2f}" for name in shown],
    alt="A photo of a hand with thin parts and the network's probability of hand: with all skips sharp; without 28 x "
    "28 the gaps between fingers are grey; without 56 x 56 or 112 x 112 nearly as sharp; without all a blurred blob.",
    columns=3,
)

# %% [markdown]
# Without any skip, only the bottleneck is left. It is enough to find the hand and its rough shape, but the outline is
# blurred. (If the network takes a sleeve for skin, it does so with the skips and without them. This is a mistake about
# *what* is there.)
#
# Do not conclude that every U-Net needs its skips so much. This network learned with its skips and relies on them.
# Suppose that another network was trained without skips from the beginning. It would probably do better than our
# network does without its skips, because a grid of 14 cells allows more (section 1). To compare the two designs, you
# would have to train both. (The course has not done this.) Our experiment shows what the trained network *uses*.

# %% [markdown]
# Now cut the skips yourself. If you gave the course a photo of your hand in lesson 00, you see this photo. It has no
# true mask. So here the IoU compares each mask with the mask that the network gives with all skips.

# %%
hs.explore.cut_skips(predictor, hs.my_hand.load(images[thin]))

# %% [markdown]
# ## 13. A size that does not fit
#
# One more thing can go wrong. The encoder halves the side four times, and on the way up the skips must fit. Follow a
# photo with a side of 100 pixels:

# %%
# NBVAL_CHECK_OUTPUT
sides = [100]
for _ in range(4):
    sides.append(-(-sides[-1] // 2))  # halves, and rounds up
print("down:", *sides)
print(f"up: from {sides[4]} to {2 * sides[4]}, and the skip has {sides[3]}")

# %% [markdown]
# Two maps with different sides cannot be joined. Keras would stop inside a `Concatenate`, and the error message would
# not mention the size of your photo. The course checks the size first, and says what to do:

# %%
# NBVAL_CHECK_OUTPUT
try:
    hs.build_unet(100)
except hs.InputError as error:
    print(error)

# %% [markdown]
# A good error message says what is wrong, why it is wrong, and what would be right.

# %% [markdown]
# ## 14. What you learned
#
# - Coarse features tell what is in the photo, and fine features tell where it is. Skips bring both together.
# - In an up-convolution of size 2 and stride 2, each pixel becomes a block of 2 x 2 pixels.
# - A step of the decoder has three parts: up, join, mix.
# - When you tap a layer, print its name, its channels and its smallest value. If this value is negative, the layer
#   comes before the ReLU.
# - Before you train, compute the best score that the design allows. A coarse grid whose cells are repeated has a low
#   limit. If the grid is enlarged smoothly, it can do far better.
# - Taking a skip away shows what a trained network uses, and not what another design could do.
# - You can count the parameters of a network before you build it.
# - The side of the photo must be a multiple of 16. Check the side first, and give a message that helps.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("04")

# %% [markdown]
# ## 16. Next
#
# [05 Losses and metrics](05_losses_and_metrics.ipynb) says what a good mask is, in numbers: for you, and for the
# training.
