# %% [markdown]
# # 03 The encoder
#
# *You have a few hundred photos of hands. Other people had a million photos of everything, and they gave away the
# network that they trained. This lesson opens that network, looks at what it sees, and keeps the part that is useful
# for hands.*

# %% [markdown]
# This lesson is about the left arm of the network. Click on a block to open it.

# %%
hs.explore.open_network("encoder")

# %% [markdown]
# **You will be able to**
# - say what a convolution, a residual block and a stage are;
# - feed a pretrained network what it was trained on, and notice when you do not;
# - cut off the part that you do not need, freeze the rest, and check which layers learn;
# - say when batch norm changes without a gradient, and why the course keeps it still.
#
# **Time:** 95 minutes to work through; the computer needs {{ceil(memory["03"].wall_seconds / 60)}} of them on two CPU
# cores. If networks are new to you, take two evenings, and leave sections 9 and 10 for later.
#
# **You need:** [02 Batches and augmentation](02_batches_and_augmentation.ipynb).

# %% [markdown]
# ## 1. What a convolution does
#
# The encoder is made mostly of one step, the **[convolution](../docs/glossary.md#convolution)**. Lay a small square of
# numbers, the *kernel*, on the photo. Multiply each pixel by the number that lies on it, and add up the products. The
# sum is one answer. Move the kernel on by a pixel, and do it again. The kernel stays the same, so it looks for the same
# pattern everywhere. For a kernel $w$ of 3 x 3 numbers and a grey photo $x$, the answer at row $r$ and column $c$ is
#
# $$y_{r,c} = \sum_{i=-1}^{1} \sum_{j=-1}^{1} w_{i,j} \; x_{r+i,\,c+j}$$
#
# Drag the square over the photo, or move it with the arrow keys. Orange stands for numbers above 0, and blue for
# numbers below 0. Where does the kernel "vertical edges" answer with 0, and where with a large number? Then choose
# other kernels, or type other numbers. (If you kept a photo of your hand in lesson 00, you see it here. Otherwise you
# see a drawn hand.)

# %%
drawn_hand, _ = hs.drawn.render(4, "5", 0)
hs.explore.convolve(hs.my_hand.load(drawn_hand))

# %% [markdown]
# Compute one answer by hand before you go on. The kernel (-1, 0, 1) lies on the pixels 20, 20 and 90. What does it
# answer? What does it answer on the pixels 60, 60 and 60? And on 90, 20 and 20?
#
# <details>
# <summary>The answers</summary>
#
# 70, 0 and -70. The kernel "vertical edges" is made of three such rows, and the middle row counts twice. Where the grey
# does not change from left to right, this kernel answers with 0: on a plain wall, and along a horizontal edge. Where
# dark stands to the left of bright, it answers with a large number. Where bright stands to the left of dark, its answer
# is far below 0.
#
# </details>
#
# A photo has three channels: red, green and blue. So a kernel for photos has three squares of numbers, one for each
# channel. All products are added up. Then one more number is added, the *bias*. A layer has many kernels. Each kernel
# makes one map of answers. The next layer reads these maps as its channels. Nobody wrote the numbers of the kernels:
# the network learned them. Here are the 64 kernels of the first layer, 7 x 7 each, and their maps. (They are those of
# ResNet50, the network of section 2. The course never trains its first layer.)

# %%
hs.explore.draw_filters(hs.load_predictor(), hs.my_hand.load(drawn_hand))

# %% [markdown]
# There are stripes in all directions, and spots of colour. The next layer looks for patterns in these maps.
#
# Two more steps follow each convolution of this network:
#
# - Some channels have small numbers and others have large ones. [**Batch norm**](../docs/glossary.md#batch-norm)
#   brings all channels to one range. It subtracts the channel's mean. Then it divides by the channel's spread (the
#   standard deviation). While a batch norm learns, it takes mean and spread over all places of the channel, in all
#   photos of the batch. Afterwards it uses the mean and the spread that were stored when the network was trained. The
#   encoder of this course always uses the stored ones (sections 5 and 10).
# - [**ReLU**](../docs/glossary.md#relu) replaces negative numbers by 0. Without ReLU between them, three convolutions
#   in a row could do no more than one large convolution. (Take 2 times a number, and then 3 times the result. You
#   could have taken 6 times the number at once. With sums it is the same: a sum of sums is one larger sum. But ReLU
#   cuts off what is negative, and so the steps can no longer be put together.)
#
# In the next figure, the second channel is a hundred times as large as the first. Batch norm makes them alike:

# %%
import numpy as np

small = np.array([[2, 4], [4, 6]])  # mean 4, spread 1.41
large = 100 * small  # mean 400, spread 141
after = [((x - x.mean()) / x.std()).round(2) for x in (small, large)]
assert np.array_equal(*after)
hs.plots.numbers(
    [small, large, after[0], np.maximum(after[0], 0)],
    ["a channel", "another channel", "batch norm of either", "then ReLU"],
    alt="A channel of four numbers, 2, 4, 4 and 6; another with 200, 400, 400 and 600. After batch norm both are "
    "-1.41, 0, 0 and 1.41. After ReLU: 0, 0, 0 and 1.41.",
    shades=[small] * 4,
)

# %% [markdown]
# Go back to the figure in which you moved the square. Tick "then batch norm" and "then ReLU" there. What is left of
# the answers?
#
# Batch norm has one more step. It multiplies each channel by a number, the *scale*, and adds another number, the
# *shift*. Each channel has a scale and a shift of its own, and the network learns both.
#
# <details>
# <summary>Batch norm as a formula</summary>
#
# With the scale $\gamma$ and the shift $\beta$, a number $x$ of a channel becomes
# $\gamma \, (x - \text{mean}) / \sqrt{\text{variance} + \epsilon} + \beta$. The small number $\epsilon$ avoids a
# division by zero.
#
# </details>

# %% [markdown]
# ## 2. Blocks and stages
#
# [ResNet50](https://arxiv.org/abs/1512.03385) is a network that says what a photo shows. It was trained on
# [ImageNet](../docs/glossary.md#imagenet), a million photos of 1,000 kinds of things: dogs, boats, mushrooms. None of
# these kinds is "hand". But to tell the kinds apart, the network had to learn edges, colours, textures and shapes.
# Hands have edges, colours, textures and shapes, too.
#
# The course uses ResNet50 as its **[encoder](../docs/glossary.md#encoder)**, the half of the network that turns pixels
# into features. A feature is a number that says how strongly the network finds something, such as an edge, at one place
# of the photo. The other half, the **[decoder](../docs/glossary.md#decoder)**, turns features into a mask (lesson 04).
#
# From here on, the code is written with Keras. You need to know four things about it:
#
# - `keras.layers.Conv2D(64, 3)` makes a layer with 64 kernels of 3 x 3. `layer(x)` then uses the layer on `x`. So
#   `keras.layers.Conv2D(64, 3)(x)` does both in one line.
# - `keras.Input((128, 128, 3))` is an empty place for a photo. You lead it through the layers. Nothing is computed
#   yet.
# - `keras.Model(a, b)` is the network that leads from `a` to `b`. If `b` is a list, the network has several outputs.
#   You call a network as you call a layer, for example `encoder(photos)`.
# - The arrays of Keras are called *tensors*. `keras.ops` has numpy's functions for tensors, and `ops.convert_to_numpy`
#   makes a numpy array of a tensor.

# %%
import keras
from keras import ops

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
photos, masks = hs.Batches(four, profile.size, batch_size=4)[0]

encoder = hs.encoder.build_encoder(profile.size)
print(f"{len(encoder.layers)} layers, {encoder.count_params():,} parameters")

# %% [markdown]
# (Keras counts all stored numbers of a network as *parameters*: the weights, and also the means and variances that
# batch norm stores.)
#
# If you stack more and more layers, at some point the network becomes worse. The authors of ResNet compared plain
# networks of 20 and 56 layers. The network of 56 layers had the larger error **on the training photos themselves**.
# So the deeper network was harder to train. Their remedy is a bypass. A [**residual
# block**](../docs/glossary.md#residual-block) computes a correction and adds it to its input:
#
# ```
# input ──┬── 1 x 1 conv ── 3 x 3 conv ── 1 x 1 conv ── + ── ReLU ── output
#         └───────── bypass: the input as it is ────────┘
# ```
#
# If a block has nothing to add, it can learn a correction of 0. Then it does no harm. (A 1 x 1 convolution looks at
# one place only, and mixes its channels. Batch norm follows each of the three convolutions. ReLU follows the first
# two. In the first block of a stage, input and correction have different shapes. There, a 1 x 1 convolution in the
# bypass gives the input the shape of the correction.)
#
# Check this with the real network. Ask for the input, the correction and the output of one block. Add input and
# correction, and replace negative numbers by 0, as ReLU does. Do you get the output?


# %%
def features(model, names, photos):
    """What layers of a model make of photos, as numpy arrays."""
    tapped = keras.Model(model.input, [model.get_layer(name).output for name in names])
    return [ops.convert_to_numpy(f) for f in tapped(photos)]


names = ["conv2_block1_out", "conv2_block2_3_bn", "conv2_block2_out"]
before, correction, after = features(encoder, names, photos)
assert np.allclose(after, np.maximum(before + correction, 0), atol=1e-4)  # ReLU: negative becomes 0
print(f"mean size of the input {np.abs(before).mean():.2f}, of the correction {np.abs(correction).mean():.2f}")

# %% [markdown]
# The names say where you are: `conv2_block2_3_bn` is the batch norm after the third convolution of block 2 in stage 2.
#
# A [**stage**](../docs/glossary.md#stage) is a group of blocks. (Stage 1 is the first convolution alone.) Each stage
# has more channels than the stage before, and half the side. A layer at the beginning of the stage halves the side:
# it moves on by two pixels at a time. In stages 1, 3 and 4 this layer is a convolution. In front of stage 2 it is a
# **max pooling**: it looks at 3 x 3 numbers, and keeps the largest. (The original U-Net of lesson 04 halves all its
# maps by max pooling.)
#
# The course reads the encoder at the end of each of the first four stages. These places are called
# [taps](../docs/glossary.md#tap).

# %%
import pandas as pd

from handseg_lib.explore.inside import receptive_fields

taps = hs.encoder.TAPS["default"]
maps = dict(zip(taps, [ops.convert_to_numpy(f) for f in encoder(photos)]))
table = pd.DataFrame({"side": [f.shape[1] for f in maps.values()]}, index=taps)
table["channels"] = [f.shape[-1] for f in maps.values()]
table["one number sees"] = [receptive_fields(encoder)[name].size for name in taps]
assert list(table["one number sees"]) == [7, 35, 99, 291]
table

# %% [markdown]
# A number of a map depends only on a square of the photo. The last column gives the side of this square, in pixels.
# The square is called the number's [**receptive field**](../docs/glossary.md#receptive-field). In stage 4 it is
# larger than the photo. But the pixels in the middle of the square [count for much
# more](https://arxiv.org/abs/1701.04128) than those near its border.
#
# What do the channels see? The figure shows four channels of each tap, those whose numbers vary most over the photo.
# A channel is bright where it responds. (Some channels are bright only along the edge of the picture. The network
# puts zeros round each map, and these channels respond to the zeros.) You need not follow the code.

# %%
import cv2

pictures, titles = [], []
for name, f in maps.items():
    side = f.shape[1]
    pictures.append(cv2.resize(photos[0], (side, side), interpolation=cv2.INTER_AREA))
    titles.append(f"{side} x {side}")
    for k in np.argsort(f[0].std(axis=(0, 1)))[:-5:-1]:
        pictures.append(f[0, ..., k] / f[0, ..., k].max())
        titles.append(f"{name.removesuffix('_out')}, no. {k}")

# %%
hs.plots.images(
    pictures,
    titles,
    alt="Four rows, one for each tap: a photo of a hand at the tap's side, and four channels. conv1: fine edges, light "
    "and dark areas. conv2: outlines and areas. conv3: coarse parts. conv4: a few cells light up.",
    columns=5,
)

# %% [markdown]
# In the last row, each channel has only a few bright cells. Are such channels of any use? You can test it. For each
# tap, the code looks for the one channel that is bright where the masks of the training persons are 1. Then it looks
# at the test persons, who had no part in this choice. Is the same channel bright on the hands of the test persons,
# too?
#
# A *correlation* says how well two lists of numbers go up and down together: 1 is exactly together, 0 is not at all.
# So a channel that is bright exactly where there is skin has a correlation of 1. You need not follow the code.


# %%
def agreement(f, masks):
    """Correlation of each channel with the share of skin in each cell."""
    side = f.shape[1]
    share = [cv2.resize(m.astype("float32"), (side, side), interpolation=cv2.INTER_AREA) for m in masks]
    share = np.ravel(share) - np.mean(share)
    f = f.reshape(-1, f.shape[-1])
    f = f - f.mean(axis=0)
    return share @ f / np.sqrt((share @ share) * (f * f).sum(axis=0) + 1e-6)


# %%
known, known_masks = hs.Batches(split.train[:: len(split.train) // 21], profile.size, batch_size=64)[0]
unknown, unknown_masks = hs.Batches(split.test[:: len(split.test) // 9], profile.size, batch_size=64)[0]
known_maps, unknown_maps = (encoder.predict(photos, batch_size=8, verbose=0) for photos in (known, unknown))
rows = []
for name, f, g in zip(taps, known_maps, unknown_maps):
    chosen_by = agreement(f, known_masks)
    best = chosen_by.argmax()
    rows.append([name, best, chosen_by[best], agreement(g, unknown_masks)[best]])
found = pd.DataFrame(rows, columns=["tap", "channel", "training persons", "test persons"]).set_index("tap")
assert found["test persons"].iloc[-1] > 0.4
found.round(2)

# %% [markdown]
# Look at the last row: it is high for both, and nearly the same. Do not trust the first row. Its channel is the best
# channel of `conv1` for the training persons, and yet its number is much lower for them than for the test persons. So
# the high number does not come from a good choice. It comes from these three test persons. A number of `conv1`
# depends on 7 x 7 pixels only, so it shows brightness and colour. Whether brightness and colour are enough to tell
# skin from wall depends on the wall. In the drawn photos used here, every test person stands in front of a wall that
# is darker than the skin. Some training persons stand in front of a wall that is brighter than the skin.
#
# So one of the 1024 channels of stage 4 responds where the hand is, though nobody trained it for hands. (Perhaps it
# responds to skin, and perhaps to anything in front of a wall. With these photos you cannot find out which.) The
# course calls it the hand channel:

# %%
k = found.channel.iloc[-1]
response = maps[taps[-1]][..., k] / maps[taps[-1]][..., k].max()
hs.plots.images(
    [*photos, *response],
    [f"person {s.person}" for s in four] + [f"channel {k}"] * 4,
    alt=f"Four photos of hands, and below each the response of channel {k} in stage 4, a coarse grid: bright on hands.",
)

# %% [markdown]
# So the encoder finds the hand before you have trained anything. But its cells are large, so they say only roughly
# **where** the hand is. Lesson 04 is about that. (You can walk through all layers, with a photo of your own hand. Run
# `hs.explore.look_inside(hs.load_predictor(), hs.my_hand.load(photos[0]))` in a new cell.)

# %% [markdown]
# ## 3. What the network expects
#
# A network works only with the kind of numbers that it was trained on. For this network, photos were prepared as in
# Caffe, an older program:
#
# - the channels are in the order blue, green, red;
# - the numbers go from 0 to 255;
# - the mean colour of ImageNet is subtracted: 103.939 from blue, 116.779 from green and 123.68 from red.
#
# These three points belong to the *file of weights*, and not to the network. The PyTorch package `torchvision` has
# nearly the same ResNet50, also trained on ImageNet. The weights of `torchvision` expect red, green, blue, from 0 to
# 1, minus a mean and divided by a spread. So before you use weights from a file, read what they expect.

# %% [markdown]
# ## 4. Exercise: prepare photos as Caffe did (warm-up)
#
# Write a function that takes photos as the course reads them: an array of shape (photos, height, width, 3), dtype
# uint8, with the channels red, green, blue. It returns the photos as this network expects them: the channels blue,
# green, red, minus the mean colour. Pixels that are darker than the mean become negative.


# %%
def to_caffe(photos):
    # <solution>
    return photos[..., ::-1] - np.array([103.939, 116.779, 123.68])
    # </solution>


# %%
hs.check.to_caffe(to_caffe)

# %% [markdown]
# ## 5. What happens with 0-1
#
# The library prepares photos in the same way, in a layer named `CaffePreprocess`. It is the first layer of the
# encoder. Compare it with Keras's own function:

# %%
x = photos.astype("float32")
right = ops.convert_to_numpy(encoder.get_layer("preprocess")(x))
assert np.allclose(right, keras.applications.resnet50.preprocess_input(x.copy()), atol=1e-3)
print(f"from {right.min():.0f} to {right.max():.0f}")

# %% [markdown]
# Many other networks expect numbers from 0 to 1. (The article from which the course grew feeds such numbers to this
# encoder.) What do such numbers do here? Take the encoder without its first layer, and feed it in both ways.

# %%
inside = keras.Model(encoder.get_layer("preprocess").output, encoder.outputs)
low, high = x.min(axis=(1, 2, 3), keepdims=True), x.max(axis=(1, 2, 3), keepdims=True)
stretched = (x - low) / (high - low)

fed_right = [ops.convert_to_numpy(f) for f in inside(right)]
fed_wrong = [ops.convert_to_numpy(f) for f in inside(stretched)]
print("the same shapes:", [f.shape for f in fed_right] == [f.shape for f in fed_wrong])
print("anything missing:", any(np.isnan(f).any() for f in fed_wrong))

# %% [markdown]
# There is no error and no warning, and the features have the right shape. How would you notice that something is
# wrong? Good features obey a rule: **different photos give different features.** So compare the features of each
# photo with those of every other photo. (You need not follow the code.)


# %%
def likeness(f):
    """Mean correlation between the features of different photos: 1 if all photos look the same."""
    between = np.corrcoef(f.reshape(len(f), -1))
    return between[np.triu_indices(len(f), 1)].mean()


alike = pd.DataFrame({"as trained": map(likeness, fed_right), "0-1": map(likeness, fed_wrong)}, index=taps)
assert alike["as trained"].iloc[-1] < 0.7 and alike["0-1"].min() > 0.95
alike.round(3)

# %% [markdown]
# Fed with 0-1, the encoder gives nearly the same answer for every photo. It expects numbers from about -124 to +151. A
# 0 means: this pixel has the mean colour. On this scale, all numbers from 0 to 1 are near 0. So each of them stands
# for almost the mean colour. For this network, all your photos are one and the same grey. Look at the hand channel:

# %%
wrong = fed_wrong[-1][..., k]
hs.plots.images(
    [*response, *wrong / wrong.max()],
    ["as trained"] * 4 + ["fed with 0-1"] * 4,
    alt="The response of the hand channel to four photos. Fed as trained: bright where the hand is. Fed with 0-1: four "
    "times almost the same pattern, whatever the photo.",
)

# %% [markdown]
# A decoder can still learn from such features: small differences are left, and a decoder can enlarge them. But much
# of what the encoder has learned is lost. In the [small test](../docs/glossary.md#small-test) of lesson 02, the IoU
# is {{ablation["the recipe"].iou:.3f}} with photos prepared as they should be. With 0-1 it is
# {{ablation["0-1 into an encoder that expects 0-255"].iou:.3f}}, although in both cases the encoder was allowed to go
# on learning. (Such further learning is called *fine-tuning*: see lesson 06. The [results](../docs/results.md) have
# all numbers of the small test.)
#
# Could batch norm not put the scale right? It could, nearly, with the mean and the spread of your photos. But here
# batch norm uses the mean and the spread that were stored when the encoder was trained (section 10). (In another
# network, batch norm may use those of your photos during the training. Then you may not notice the mistake until you
# use the network.)
#
# The opposite mistake is to prepare a photo twice: once in the generator, and once in the model. One rule avoids both
# mistakes. The preprocessing is the **first layer of the model**, and everything before it is plain uint8, as it came
# from the file.

# %%
assert photos.dtype == np.uint8 and photos.max() > 1

# %% [markdown]
# ## 6. Cut off the top
#
# ResNet50 has five stages. On top of them is a layer that gives a probability to each of the 1,000 kinds. Here you do
# not need this last layer. Do you need the fifth stage? Look at the number of parameters in each stage:

# %%
photo = keras.Input((profile.size, profile.size, 3), name="photo")
prepared = hs.encoder.CaffePreprocess()(photo)
resnet = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=prepared)
stages = [f"conv{i}" for i in range(1, 6)]
millions = [sum(layer.count_params() for layer in resnet.layers if layer.name.startswith(s)) / 1e6 for s in stages]
pd.Series(millions, stages, name="million parameters").round(2)

# %% [markdown]
# The fifth stage has more parameters than the other four together. Many U-Nets keep it. The course leaves it out,
# because then the network is much smaller. How much accuracy this costs has not been measured.
#
# To cut a Keras model, make a new model from the same input to earlier outputs. The new model shares the layers in
# between with the old one.

# %%
trimmed = keras.Model(photo, [resnet.get_layer(name).output for name in taps], name="encoder")
hs.encoder.load_imagenet(trimmed)
assert trimmed.count_params() == encoder.count_params() == 8_589_184
for mine, theirs in zip(trimmed(photos), maps.values()):
    assert np.allclose(ops.convert_to_numpy(mine), theirs, atol=1e-3)  # the library does the same
print(f"{trimmed.count_params() / 1e6:.2f} of {resnet.count_params() / 1e6:.2f} million")

# %% [markdown]
# ## 7. Freeze it
#
# A new decoder begins with random weights, and its first gradients are large and nearly random. Such gradients could
# spoil what the encoder has learned. So the encoder is [**frozen**](../docs/glossary.md#frozen) at first: with
# `trainable = False` its weights stay as they are. Later, the course lets stages 3 and 4 learn as well (lesson 06,
# which also measures what this order gains). Stages 1 and 2 stay frozen. They respond to edges and colours, and hands
# have these in common with everything else.
#
# `hs.encoder.freeze` freezes everything, or everything before a given block. A slip in such code raises no error. So
# after each change, **count what can be trained**:

# %%
# NBVAL_CHECK_OUTPUT
trimmed.trainable = True
for start in (None, "conv4_block4", "conv3_block1"):
    hs.encoder.freeze(trimmed, start)
    values = sum(int(np.prod(w.shape)) for w in trimmed.trainable_weights)
    print(f"train from {start}: {len(trimmed.trainable_weights)} arrays, {values:,} numbers")

# %% [markdown]
# <details>
# <summary>As published: a frozen encoder that was meant to learn</summary>
#
# This code is meant to train everything from a layer in stage 4 on:
#
# ```python
# set_trainable = False
# for layer in base_model.layers:
#     if layer.name == "conv4_block4_2_conv":
#         set_trainable == True
#     layer.trainable = set_trainable
# ```
#
# The line with `==` compares, and sets nothing. `=` was meant. So the whole encoder stays frozen to the end. The code
# runs, and the loss falls. A count shows the slip: 0 weight arrays can be trained.
#
# </details>
#
# There is one more trap. Keras reads `trainable` only once, at the first `fit` after `compile`. If you freeze a layer
# after that, it goes on learning until you compile again:


# %%
def moved(compile_again):
    """Trains a tiny network, freezes its first layer, trains again. How far did that layer move?"""
    net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3), keras.layers.Dense(1)])
    net.compile("sgd", "mse")
    data = {"x": np.ones((4, 2)), "y": np.ones((4, 1)), "verbose": 0}
    net.fit(**data)
    net.layers[0].trainable = False
    if compile_again:
        net.compile("sgd", "mse")
    before = net.layers[0].get_weights()[0]
    net.fit(**data)
    return float(np.abs(net.layers[0].get_weights()[0] - before).max())


# %%
keras.utils.set_random_seed(0)
warm, frozen = moved(compile_again=False), moved(compile_again=True)
print(f"frozen only: moved by {warm:.4f}; frozen and compiled: moved by {frozen:.4f}")
assert frozen == 0

# %% [markdown]
# **Freeze, then compile.** `hs.fit` compiles again whenever it has frozen or unfrozen layers. (In PyTorch the flag
# counts at once. But make sure that the optimiser has the weights that you unfreeze.)

# %% [markdown]
# ## 8. Exercise: unfreeze from a block on (core)
#
# Write a function that takes an encoder and the name of a block, such as `"conv4_block4"`. It freezes every layer
# that stands before this block. It makes the first layer of this block and **all layers after it** trainable.
# `encoder.layers` is a list of the layers, in order. The name of each layer of a block begins with the block's name:
# those of block 4 in stage 4 are `conv4_block4_1_conv`, `conv4_block4_1_bn`, `conv4_block4_1_relu`,
# `conv4_block4_2_conv`, and so on, up to `conv4_block4_out`.
#
# The encoder as a whole has a flag, too. While this flag is `False`, nothing in the encoder learns, whatever the
# flags of its layers are. So begin with `encoder.trainable = True`. But this line is not enough: set the flag of
# **each** layer yourself.


# %%
def unfreeze_from(encoder, name):
    # <solution>
    encoder.trainable = True
    train = False
    for layer in encoder.layers:
        if layer.name.startswith(f"{name}_"):
            train = True
        layer.trainable = train
    # </solution>


# %%
hs.check.unfreeze_from(unfreeze_from)

# %% [markdown]
# ## 9. Exercise: which layers learn? (stretch)
#
# (You can leave this exercise for later.) A count tells you that something is wrong, but not where. Write a function
# that takes an encoder and returns a list of the names of all layers that training can change.
#
# A layer's flag does not tell you enough. A ReLU may be trainable, but it has no weights. And while the encoder's own
# flag is `False`, none of its layers learns. The lists `layer.trainable_weights` and `encoder.trainable_weights`
# help.


# %%
def learning_layers(encoder):
    # <solution>
    if not encoder.trainable:
        return []
    return [layer.name for layer in encoder.layers if layer.trainable_weights]
    # </solution>


# %%
hs.check.learning_layers(learning_layers)

# %% [markdown]
# ## 10. Batch norm can change without a gradient
#
# (You can leave this section for later, until you build a network of your own. In the course, the library does what
# the section describes. The last question of the quiz is about it.)
#
# Batch norm subtracts a mean and divides by a spread. In section 1, these were the mean and the spread of the four
# numbers in the figure. In a network there are two cases:
#
# - `fit` calls the layer with `training=True`. Then mean and spread are those of the current batch. The layer also
#   has a **stored** mean and a stored variance (the square of the spread). The call moves both a little towards those
#   of the batch.
# - `predict` calls the layer with `training=False`. Then mean and spread are the stored ones.
#
# The stored means and variances of this encoder come from a million photos. No gradient touches them, so the count of
# section 7 does not include them. When do they change? Try it with one small layer, whose stored mean is 0. The layer
# is called once, on numbers whose mean is 100. The cell prints four lines. Guess first: in which of them is the
# stored mean no longer 0?


# %%
# NBVAL_CHECK_OUTPUT
def stored_mean(trainable, training):
    norm = keras.layers.BatchNormalization(trainable=trainable)
    norm(np.full((8, 1), 100, "float32"), training=training)
    return round(float(ops.convert_to_numpy(norm.moving_mean)[0]), 2)


for trainable in (True, False):
    for training in (True, False):
        print(f"trainable={trainable!s:5} training={training!s:5} stored mean {stored_mean(trainable, training)}")

# %% [markdown]
# The stored mean changes in one case only: the layer is trainable, and it is called with `training=True`. One call
# moves the stored mean by a hundredth of the way from 0 to 100, that is, to 1. So in Keras a frozen encoder is safe.
# (In PyTorch it is not. There, `requires_grad_(False)` stops the gradients, but a batch norm in training mode still
# moves its stored numbers. Call `encoder.eval()` after each `model.train()`.)
#
# But when you fine-tune, `fit` calls a trainable encoder with `training=True` at each step. After a few hundred
# steps, the stored numbers would come from your own small batches of hands, and no longer from a million photos. With
# batches of 8, such numbers are noisy. So the course keeps the stored numbers still. (What happens if they move has
# not been measured.)
#
# **You need not do anything for this in the course**: the library's encoder keeps its stored numbers still.
#
# ### For later: how the library does it
#
# You can run the next two cells without reading them.
#
# You might build the network with `encoder(photo, training=False)`. In Keras 3 this is not enough. `fit` calls
# everything in the network with `training=True`. The encoder is a model inside this network, so `fit` calls it with
# `training=True`, too ([the report](https://github.com/keras-team/keras/issues/20285)). Therefore the course's
# encoder ignores the argument `training`. This takes three lines of code:


# %%
class StillModel(keras.Model):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


# %%
def drift(model):
    """How far one call with `training=True` moves the stored means of the first batch norm."""
    hs.encoder.freeze(model, "conv1")  # all of it is trainable
    norm = model.get_layer("conv1_bn")
    before = ops.convert_to_numpy(norm.moving_mean).copy()
    model(photos, training=True)
    return float(np.abs(ops.convert_to_numpy(norm.moving_mean) - before).max())


still = StillModel(trimmed.input, trimmed.outputs)
assert drift(still) == drift(encoder) == 0  # the library's encoder is a StillModel, too
print(f"StillModel: moved by {drift(still):.2f}; a plain model: moved by {drift(trimmed):.2f}")

# %% [markdown]
# The scale and the shift of each batch norm still learn by gradients, as other weights do.

# %% [markdown]
# ## 11. What you learned
#
# - A convolution lays a kernel on every place of its input, multiplies, and adds up. A residual block adds a
#   correction to its input. A convolution or a max pooling that moves on by two pixels at a time halves the side.
# - Each stage has half the side and more channels than the stage before. A number of stage 4 can see a square of up
#   to 291 x 291 pixels. The pixels in the middle of this square count most.
# - Each file of weights expects photos that are prepared in one way. The ResNet50 of Keras expects blue, green, red,
#   from 0 to 255, minus a mean. Put the preprocessing into the model, and check that different photos give different
#   features.
# - Without its fifth stage, ResNet50 has 8.6 million parameters in place of 23.6 million.
# - After you freeze layers, count what is trainable, and compile.
# - The stored mean and variance of batch norm can change without a gradient. Keep them still while you fine-tune.

# %% [markdown]
# ## 12. Quiz

# %%
hs.quiz("03")

# %% [markdown]
# ## 13. Next
#
# [04 The U-Net](04_the_u_net.ipynb) builds the way back up, from features to an outline.
