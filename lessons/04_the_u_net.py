# %% [markdown]
# # 04 The U-Net
#
# *The encoder knows that there is a hand. On the way to that insight it has lost sight of where each finger ends. This
# lesson builds the way back, and finds out what each part of it is for.*
#
# **You will be able to**
# - measure how good an outline a coarse grid allows, before you train anything;
# - build a U-Net's decoder and predict every shape in it;
# - find out from an answer alone whether a network made it at half the size;
# - count a network's parameters by hand, and say what they pay for;
# - find out what a skip carries, by taking it away.
#
# **Time:** 65 minutes to work through; the computer needs {{ceil(memory["04"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** [03 The encoder](03_the_encoder.ipynb), and what a convolution does
# ([with pictures](https://cs231n.github.io/convolutional-networks/)).

# %% [markdown]
# This is the whole network of the course. This lesson builds its right arm, and the skips that lead there. Click on a
# block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("skips", "decoder"))

# %% [markdown]
# ## 1. What, and where
#
# On its way down, the [encoder](../docs/glossary.md#encoder) of lesson 03 halves the photo four times. Of a photo of
# 224 pixels a side, 14 x 14 cells are left. Each cell has seen a large part of the photo, so it can know **what** is
# there. But it stands for 16 x 16 pixels, and **where** among them the outline runs is another question.
#
# How much does that cost? Measure it without any network. Take a true mask, give each cell of a coarse grid the answer
# that is right for most of its pixels, and blow it up again. A network that answered cell by cell could not have fewer
# wrong pixels than this.

# %%
import cv2
import numpy as np


def through_grid(mask, side):
    share = cv2.resize(mask.astype("float32"), (side, side), interpolation=cv2.INTER_AREA)
    cells = (share >= 0.5).astype(np.uint8)
    return cv2.resize(cells, mask.shape[::-1], interpolation=cv2.INTER_NEAREST_EXACT)


# %%
profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]

mask = four[0].read()[1]
coarse = {side: through_grid(mask, side) for side in (14, 28, 56, 112)}
hs.plots.images(
    [mask, *coarse.values()],
    ["true mask"] + [f"{side} x {side}, IoU {hs.metrics.iou(mask, pred):.3f}" for side, pred in coarse.items()],
    alt="A true mask, and what is left of it in grids of 14, 28, 56 and 112 cells a side: with 14, fingers are stairs.",
    columns=5,
)

# %% [markdown]
# [IoU](../docs/glossary.md#iou) is the share that two masks have in common, 1 if they agree; lesson 05 takes it apart.
# One mask proves little. The mean over all of them:

# %%
import pandas as pd

truth = [s.read()[1] for s in samples]
rows = []
for side in (14, 28, 56, 112):
    pairs = [(m, through_grid(m, side)) for m in truth]
    scores = [[score(*pair) for pair in pairs] for score in (hs.metrics.iou, hs.metrics.f1)]
    rows.append([side, *np.mean(scores, axis=1)])
ceiling = pd.DataFrame(rows, columns=["cells", "IoU", "F1"]).set_index("cells")
assert ceiling.IoU[14] < 0.9 and ceiling.IoU.is_monotonic_increasing
ceiling.round(3)

# %% [markdown]
# The first row is what a network could reach that gives one right answer for each cell of the encoder's last stage:
# each fingertip a staircase. That is why there is a way back up. Keep the last row in mind, too. Section 9 comes back
# to it.
#
# A cell has 1024 numbers, not one. There would be room in them to note where the outline runs. But this encoder was
# trained to name things, and nobody asked it to keep that note. Section 12 looks at what is left of it in a network
# that was trained on hands.

# %% [markdown]
# ## 2. Exercise: the four sides (warm-up)
#
# The encoder hands over four [feature maps](../docs/glossary.md#feature-map), one after each halving. Write a function
# that takes the side of a photo and returns the sides of these maps, the largest first. Assume that the side divides
# by 16; section 13 tells what happens otherwise.


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
# To double the side, each pixel has to become a block of 2 x 2. With which values? The network shall learn that: by an
# [up-convolution](../docs/glossary.md#up-convolution). A `Conv2DTranspose` of size 2 and stride 2 has a kernel of 2 x 2
# weights, and each pixel of the input **paints one block**: its own value times the kernel. Watch it with numbers that
# you can follow:

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
# Size and stride are both 2, so the blocks lie side by side. With a kernel of size 3 they would overlap, some pixels
# would be painted more often than others, and the result would tend to [look like a
# checkerboard](https://distill.pub/2016/deconv-checkerboard/).
#
# With many channels it is the same: each output channel has a kernel for each input channel, and adds up what they
# paint. So an up-convolution also decides how many channels go on.

# %% [markdown]
# ## 4. The skips
#
# Painting cannot bring back what is not there. The encoder did see the fine edges, in its first layers, before it
# halved them away. A [**skip**](../docs/glossary.md#skip) hands those features across to the decoder, at the level
# where the sides fit. That is the idea of the [U-Net](https://arxiv.org/abs/1505.04597): what from below, where from
# across.
#
# At which layers should you [tap](../docs/glossary.md#tap) the encoder? The article and the course answer differently:

# %%
encoder = hs.encoder.build_encoder(profile.size)
images = hs.Batches(four[:1], profile.size)[0][0]
rows = []
for wiring, names in hs.encoder.TAPS.items():
    tapped = keras.Model(encoder.input, [encoder.get_layer(name).output for name in names])
    for name, features in zip(names, tapped(images)):
        values = ops.convert_to_numpy(features)
        rows.append([wiring, name, values.shape[1], values.shape[-1], float(values.min()), float(values.max())])
taps = pd.DataFrame(rows, columns=["wiring", "layer", "side", "channels", "smallest", "largest"])
assert taps[taps.wiring == "default"].smallest.min() >= 0 > taps[taps.wiring == "published"].smallest.max()
taps.round(1)

# %% [markdown]
# `default` is the course's wiring. Look at the columns `smallest` and `largest`. The article taps before batch norm and
# [ReLU](../docs/glossary.md#relu) (lesson 03, section 7): half-done features with negative numbers, each on a scale of
# its own, and 128 channels where stage 3 has 512. The decoder copes somehow, so the loss will not tell you. Print what
# you tap: its layer's name, its channels, its smallest value.
#
# The last row of each wiring is the [**bottleneck**](../docs/glossary.md#bottleneck), where the way down ends. The
# article calls it the place "where the number of feature maps is the smallest", which maintains "the high-resolution
# features". The table says the opposite: it has the most channels and the fewest pixels.

# %%
bottleneck = taps[taps.wiring == "default"].iloc[-1]
assert bottleneck.channels == taps.channels.max() and bottleneck.side == taps.side.min()

# %% [markdown]
# ## 5. One step, line by line
#
# A [decoder](../docs/glossary.md#decoder) is the same step, over and over: up, join, mix. Here is the first, from the
# bottleneck to the first skip. Before you read on, say which shape each line will print.

# %%
photo = keras.Input((profile.size, profile.size, 3))
*skips, x = encoder(photo)
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
# - **Join.** `Concatenate` stacks the channels: 128 of what, 512 of where. Adding the two would need equal channels,
#   and would weigh both the same everywhere. Some networks do so, and it works. A U-Net stacks, and the next
#   convolution learns how to weigh them.
# - **Mix.** The 3 x 3 convolution looks at both and decides: "below says hand, across says edge, so the outline runs
#   here".
# - **Calm.** Batch norm keeps the values in a range that trains well. It has a shift of its own, so the convolution
#   before it needs no bias. `momentum=0.9` in place of Keras's 0.99: with a few hundred photos an epoch has few steps,
#   and the running mean should not lag epochs behind.
# - The encoder keeps the batch-norm statistics of ImageNet, also while it trains; lesson 03 says why.

# %% [markdown]
# ## 6. Exercise: one step up (core)
#
# Write the step as a function of Keras tensors. `x` are the coarse features, `skip` the encoder's at twice the side,
# `width` the channels of the result. At the last step no skip is left: then `skip` is `None`, and nothing joins.
#
# `UpSampling2D` in place of the up-convolution is fine, too. It repeats each pixel and leaves the painting to the
# convolution; but all 1024 channels go on into that. And another normalisation than batch norm calms as well.


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
# Four steps make the decoder: three with a skip, and a last one back to the photo's own size. Each has half as many
# channels as the one before, since its maps have four times as many pixels. This is the course's step, and the network
# around it:


# %%
def step(x, skip, width):
    x = layers.Conv2DTranspose(width, 2, strides=2)(x)
    if skip is not None:
        x = layers.Concatenate()([x, skip])
    x = layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization(momentum=0.9)(x)
    return layers.ReLU()(x)


# %%
def build_unet(size, width=128):
    photo = keras.Input((size, size, 3))
    *skips, x = hs.encoder.build_encoder(size)(photo)
    for skip in [*reversed(skips), None]:
        x = step(x, skip, width)
        width //= 2
    hand = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(x)
    return keras.Model(photo, hand)


# %% [markdown]
# The last convolution looks at one pixel at a time, weighs its 16 channels, and a
# [sigmoid](../docs/glossary.md#sigmoid) makes a probability of that.
# It computes in float32 even where the rest runs in a faster, coarser format (lesson 06 meets one): a probability close
# to 0 or 1 needs the digits.

# %%
unet = build_unet(profile.size)
hs.explore.draw_network(model=unet, image=images[0])

# %% [markdown]
# Now you see where the name comes from. `hs.build_unet` is the same network. Is it? Same parameters, and with the same
# weights the same answer, to the last digit:

# %%
library = hs.build_unet(profile.size)
library.set_weights(unet.get_weights())
ours, theirs = (ops.convert_to_numpy(model(images)) for model in (unet, library))
assert unet.count_params() == library.count_params() == 10_109_249
assert ours.shape == theirs.shape == (1, profile.size, profile.size, 1) and np.array_equal(ours, theirs)
print("the same answer to the last digit:", np.array_equal(ours, theirs))

# %% [markdown]
# ## 8. Exercise: is this answer doubled? (core)
#
# Suppose that a network hands you masks of 224 x 224 pixels, but made them at 112 x 112 and then repeated each pixel
# in both directions. The shape would not tell you. What would?
#
# Write a function that takes answers as an array of shape (photos, height, width, 1), with even sides, and returns
# `True` if each 2 x 2 block of pixels is one and the same number, in all photos, else `False`. Blocks begin in the
# upper left corner.


# %%
def is_doubled(hand):
    # <solution>
    corners = hand[:, ::2, ::2]  # the upper left pixel of each block
    return np.array_equal(hand, corners.repeat(2, axis=1).repeat(2, axis=2))
    # </solution>


# %%
hs.check.is_doubled(is_doubled)

# %% [markdown]
# ## 9. An answer at half the size
#
# Now put the question to the article's network. It has three learned steps. Its last doubling is an `UpSampling2D`,
# which repeats each pixel, and after that comes nothing but a 1 x 1 convolution. So its answer is made at half the
# size. You need no training to see that; ask any network for its blocks:

# %%
published = hs.as_published.build_unet(profile.size, weights=None)
for name, model in {"the article's": published, "ours": unet}.items():
    hand = ops.convert_to_numpy(model(images))
    corners = hand[:, ::2, ::2]
    alike = np.array_equal(hand, corners.repeat(2, axis=1).repeat(2, axis=2))
    print(f"{name}: every 2 x 2 block is one number: {alike}")
    assert alike == (name == "the article's")

# %% [markdown]
# What does it cost? For the article's photos of 224 pixels you have measured that already: it is the row of 112 cells
# in section 1. Scored pixel by pixel, a doubled answer hardly gets beyond that, however long you train. (Where
# probabilities are smoothed on the way to the photo's size, as `hs.evaluate` does, the ceiling lies a little higher.)
# The validation score would creep up to it and stay there, and you might look for the reason in the data or in the
# learning rate.
#
# The habit to take along: **before you train, compute the best score that your design allows.** It takes a true mask,
# and a minute.

# %% [markdown]
# ## 10. Where the parameters are
#
# Two halves, and four steps in the second. Which part has most of the ten million parameters? Guess, then count:


# %%
def parameters(model):
    step, parts = 0, []
    for layer in model.layers:
        step += isinstance(layer, layers.Conv2DTranspose)
        parts.append(f"step {step}" if step else "encoder")
    counts = pd.Series([layer.count_params() for layer in model.layers])
    return counts.groupby(parts).sum()


table = pd.DataFrame({"ours": parameters(unet), "the article's": parameters(published)}).fillna(0).astype(int)
table.loc["all"] = table.sum()
table.map("{:,}".format)

# %% [markdown]
# Most of a U-Net is its encoder, which comes trained. What you train from nothing is the decoder, and most of that is
# its first step, where the channels are many. Parameters are not the whole price: a weight of the last step is used at
# 256 times as many places as one at the bottleneck.
#
# Skips have a price as well: the convolution that mixes one in needs 3 x 3 x channels x width weights for it.

# %%
for skip, width in zip(reversed(skips), (128, 64, 32)):
    _, side, _, channels = skip.shape
    print(f"skip of {side:3} pixels a side, {channels:3} channels: {9 * channels * width:7,} weights")

# %% [markdown]
# Counted in weights, the finest skip is nearly free. Counted in multiplications it is not: it is used at 16 times as many
# places as the coarsest one, and costs half as much. Is it worth that? Section 12 finds out.
#
# Could the decoder be thinner, then? On HGR1 small networks, judged on nine persons they had never seen, came to a hand
# IoU of {{ablation["the recipe"].iou:.3f}} with the course's width, and to {{ablation["decoder half as wide"].iou:.3f}} with half
# of it; not one of the nine was outlined better ([results](../docs/results.md)).
# <!-- holds: ablation["decoder half as wide"].worse_persons == 9 -->

# %% [markdown]
# ## 11. Exercise: count a step by hand (stretch)
#
# Who can count a network's parameters has understood its layers, and can tell the price of a change before it is made.
# Count one step of the decoder, as `step` in section 7 builds it. `x` is how many channels come from below, `skip` how
# many come across (0 where there is no skip), `width` how many go on. Return one number: all parameters of the step,
# as `count_params` counts them.
#
# The up-convolution of section 3 has a kernel for each pair of input and output channel, and a bias for each output
# channel. Batch norm keeps four numbers a channel: scale, shift, mean and variance.


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
# The first step of the table above has 1024 channels from below, 512 across, and a width of 128. Does your function
# give the table's number? (Step 4 of the table counts the final 1 x 1 convolution along: 16 weights and a bias.)

# %% [markdown]
# ## 12. Take a skip away
#
# An untrained network has nothing to lose, so take the course's own model, which was trained on real hands. Split it at
# its waist: the encoder gives four feature maps, and the rest is a model of its own that takes them. Then set one map
# to zero, which after a ReLU means "nothing seen here".

# %%
predictor = hs.load_predictor()
trained = predictor.model
first = next(layer for layer in trained.layers if isinstance(layer, layers.Conv2DTranspose))
joins = [layer for layer in trained.layers if isinstance(layer, layers.Concatenate)]
decoder = keras.Model([first.input, *(join.input[1] for join in joins)], trained.output)

# %%
chosen = split.test[:: len(split.test) // 9]
images, masks = hs.Batches(chosen, predictor.size, len(chosen))[0]
features = trained.get_layer("encoder").predict_on_batch(images)[::-1]  # the bottleneck first


def predict_without(*off):
    kept = [0 * f if i in off else f for i, f in enumerate(features)]
    return decoder.predict_on_batch(kept)


assert np.allclose(predict_without()[:1], trained(images[:1]), atol=1e-4)  # nothing off: the whole model

# %%
names = [f"no {f.shape[1]} x {f.shape[2]} skip" for f in features[1:]]
hands = {"all skips": predict_without()} | {name: predict_without(i) for i, name in enumerate(names, start=1)}
hands["no skip at all"] = predict_without(1, 2, 3)

iou = {n: ops.convert_to_numpy(hs.metrics.batch_iou(masks, h, predictor.threshold)) for n, h in hands.items()}
best = iou["all skips"].argmax()
hs.plots.images(
    [images[best], *(hand[best, ..., 0] for hand in hands.values())],
    ["photo"] + [f"{name}\nIoU {score[best]:.2f}" for name, score in iou.items()],
    alt="A photo of a hand and the network's probability of hand: with all skips sharp; without one of them a little "
    "worse; without any a blurred blob.",
    columns=6,
)

# %% [markdown]
# The photo above is the one of these that the model outlines best: there is most to lose. The mean over all of them,
# and the median distance from the predicted outline to the true one, in pixels of the network's photo:

# %%
true = masks[..., 0]
preds = {name: (hand >= predictor.threshold)[..., 0] for name, hand in hands.items()}
preds["the truth, one answer a cell"] = [through_grid(mask, features[0].shape[1]) for mask in true]
table = pd.DataFrame({"IoU": {name: np.mean([*map(hs.metrics.iou, true, pred)]) for name, pred in preds.items()}})
distance = {name: [*map(hs.metrics.boundary_px, true, pred)] for name, pred in preds.items()}
table["distance"] = {name: np.nanmedian(pixels) for name, pixels in distance.items()}
assert table.IoU["no skip at all"] < table.IoU["all skips"] - 0.03
table.round(2)

# %% [markdown]
# No single skip is the secret: take one away, and the other two still tell most of what it told. On so few photos a
# difference of a hundredth means nothing, and with drawn hands, which this network was not trained on, a skip may even
# be in its way. Take all away, and you see what the bottleneck knows by itself: that there is a hand, and roughly
# where. So the skips are what turns a blob into an outline.
#
# The last row is section 1's question, put to these photos: a right answer for each of the bottleneck's cells, and no
# more. How far below it is the network without skips? If it comes close, or beats it, its 1024 channels do keep a part
# of the outline inside the cells: this encoder was trained on, together with its decoder, and that asked for it.
#
# Be careful with the size of the effect. This network was trained with its skips and leans on them. One that was
# trained without should do better than this one does when it is robbed. The honest experiment is to train both; this
# one shows what the trained network *uses*.

# %% [markdown]
# Now cut the skips yourself, on your own hand, if you have given the course a photo of it in lesson 00.

# %%
hs.explore.cut_skips(predictor, hs.my_hand.load(images[best]))

# %% [markdown]
# ## 13. A size that does not fit
#
# One trap is left. The encoder halves the photo four times, and the skips must fit on the way up. Follow 100 pixels
# down:

# %%
# NBVAL_CHECK_OUTPUT
sides = [100]
for _ in range(4):
    sides.append(-(-sides[-1] // 2))  # halves, and rounds up
print("down:", *sides)
print(f"up: from {sides[4]} to {2 * sides[4]}, and the skip has {sides[3]}")

# %% [markdown]
# Two maps of different sides cannot be joined. Keras would stop deep inside a `Concatenate`, with a message about
# dimension 1 of something. The course checks the size first, and says what to do:

# %%
# NBVAL_CHECK_OUTPUT
try:
    hs.build_unet(100)
except hs.InputError as error:
    print(error)

# %% [markdown]
# A good message names what is wrong, why, and what would be right. It costs two lines where you know the rule, and
# saves an afternoon where you do not.

# %% [markdown]
# ## 14. What you learned
#
# - Coarse features know what; fine ones know where. Skips bring both together.
# - An up-convolution of size 2 and stride 2 lets each pixel paint a 2 x 2 block.
# - A decoder step is up, join, mix. Concatenate joins; the convolution after it mixes.
# - Print what you tap. A negative value betrays a layer before its ReLU.
# - Before training, compute the best score that the design allows: an answer at half the size has a ceiling.
# - Parameters can be counted before anything is built; most of them are where the channels are many.
# - The side must divide by 16. Check it where the message can still be friendly.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("04")

# %% [markdown]
# ## 16. Next
#
# [05 Losses and metrics](05_losses_and_metrics.ipynb) decides what "a good mask" means, for you and for the optimiser.
