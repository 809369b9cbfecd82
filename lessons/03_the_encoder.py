# %% [markdown]
# # 03 The encoder
#
# *You have a few hundred photos of hands. Other people had a million photos of everything, and they gave away the
# network that they trained. This lesson opens that network, looks at what it sees, and keeps the part that is useful
# for hands.*
#
# **You will be able to**
# - say what a convolution, a residual block and a stage are, and show what their features see;
# - feed a pretrained network what it was trained on, and notice when you do not;
# - cut off the part that you do not need, freeze the rest, and check which layers learn;
# - keep the statistics of batch norm still while you fine-tune.
#
# **Time:** 60 minutes to work through; the computer needs {{ceil(memory["03"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** [02 Batches and augmentation](02_batches_and_augmentation.ipynb).

# %% [markdown]
# This is the whole network of the course. This lesson is about its left arm. Click on a block to open it, or use Tab and
# the arrow keys: you see its strongest maps, and how much of the photo one of its values depends on.

# %%
hs.explore.open_network("encoder")

# %% [markdown]
# **What a convolution does.** # All of it is made of one step, the **[convolution](../docs/glossary.md#convolution)**. Lay a small square of numbers,
# the *kernel*, on the photo. Multiply each pixel by the number that lies on it, and add up the products: that is one
# answer. Move the kernel on by a pixel, and do it again. With a kernel $k$ of 3 × 3 and a grey photo $x$, the answer at
# row $r$ and column $c$ is
#
# $$y_{r,c} = \sum_{i=-1}^{1} \sum_{j=-1}^{1} k_{i,j} \; x_{r+i,\,c+j}$$
#
# Drag the square over the photo, or move it by the arrow keys. Then change the nine numbers, or choose others. Where
# does "vertical edges" answer with 0, and where with much?

# %%
drawn_hand, _ = hs.drawn.render(4, "5", 0)
hs.explore.convolve(hs.my_hand.load(drawn_hand))

# %% [markdown]
# Two more steps follow each convolution of this network. [**Batch norm**](../docs/glossary.md#batch-norm) brings the
# answers to a common range: it takes off their mean, and divides by their spread. [**ReLU**](../docs/glossary.md#relu)
# turns every negative answer into 0: $\max(0, y)$. Tick both, and see what is left.
#
# A layer has many kernels, and each has a square of numbers for red, one for green and one for blue. Nobody wrote these
# numbers: the network learned them. Here are the 64 kernels of the first layer, 7 × 7 each, and what they answer.

# %%
hs.explore.draw_filters(hs.load_predictor(), hs.my_hand.load(drawn_hand))

# %% [markdown]
# Stripes in all directions, and spots of colour. The later layers work on these answers as the first one works on
# pixels, so they can find patterns of patterns.

# %% [markdown]
# ## 1. Blocks with a bypass
#
# [ResNet50](https://arxiv.org/abs/1512.03385) is a network that tells what a photo shows. It was trained on
# [ImageNet](../docs/glossary.md#imagenet), a collection of a million photos of 1,000 kinds of things: dogs, boats,
# mushrooms. None of these kinds is "hand". But to tell them apart, the network had to learn edges, colours, textures
# and shapes, and hands have those too. Its weights come with the course.
#
# The course uses ResNet50 as its **[encoder](../docs/glossary.md#encoder)**: the half of the network that turns pixels
# into features. A feature is a number that says how strongly the network finds something at one place of the photo,
# such as an edge. The other half, the **[decoder](../docs/glossary.md#decoder)**, turns features into a mask. Lesson
# 04 builds it.

# %%
import keras
import numpy as np
from keras import ops

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
photos, masks = hs.Batches(four, profile.size, batch_size=4)[0]

encoder = hs.encoder.build_encoder(profile.size)
print(f"{len(encoder.layers)} layers, {encoder.count_params():,} parameters")

# %% [markdown]
# Most layers of the encoder are **convolutions**. A convolution slides a small window over its input. At each place it
# multiplies the numbers in the window by weights, adds the products up, and writes down the sum. The weights are the
# same at every place, so the layer looks for the same pattern everywhere. As a formula, the output of a
# convolution at row $i$, column $j$ and channel $k$ is:
#
# $$y_{i,j,k} = b_k + \sum_{u,v,c} w_{u,v,c,k} \; x_{i+u,\,j+v,\,c}$$
#
# Here $u$ and $v$ run over the rows and columns of the window, and $c$ runs over the channels of the input $x$. The
# weights $w$ and the biases $b$ are learned. "3 x 3 convolution" means that the window has 3 rows and 3 columns.
#
# Two more layers follow most convolutions:
#
# - [**Batch norm**](../docs/glossary.md#batch-norm) brings each channel to a similar range:
#   $\gamma \, (x - \text{mean}) / \sqrt{\text{variance} + \epsilon} + \beta$. The scale $\gamma$ and the shift $\beta$
#   are learned. The small number $\epsilon$ avoids a division by zero. Section 11 says where mean and variance come
#   from.
# - [**ReLU**](../docs/glossary.md#relu) replaces negative numbers by 0. Without such a step between them, three
#   convolutions in a row could do no more than one.
#
# You can stack many of these layers, but at some point more layers make the network worse. The authors of ResNet
# compared plain networks of 20 and 56 layers. The deeper one had the larger error **on the training photos
# themselves**. So it was not overfitting: the deeper network was harder to train. Their remedy is a bypass. A
# [**residual block**](../docs/glossary.md#residual-block) computes a correction and adds it to its input:

# %%
fig, ax = hs.plots.figure(
    "A residual block: the input goes through three convolutions, 1 x 1, 3 x 3 and 1 x 1; a bypass carries the input "
    "around them; both are added, and a ReLU makes the output.",
    height=1.3,
)


def arrow(start, end, colour):
    ax.annotate("", end, start, arrowprops={"arrowstyle": "->", "color": colour, "shrinkA": 0, "shrinkB": 0})


steps = ["input", "1 x 1 conv", "3 x 3 conv", "1 x 1 conv", "+", "ReLU", "output"]
half = [0.22, 0.37, 0.37, 0.37, 0.11, 0.22, 0.26]  # the width of each box, halved
for x, step in enumerate(steps):
    ax.text(x, 0, step, ha="center", va="center", bbox={"boxstyle": "round", "fc": "white", "ec": hs.plots.BLUE})
    if x:
        arrow((x - 1 + half[x - 1], 0), (x - half[x], 0), hs.plots.BLUE)
ax.plot([0, 0, 4], [0.2, 0.6, 0.6], color=hs.plots.VERMILION)
arrow((4, 0.6), (4, 0.17), hs.plots.VERMILION)
ax.text(2, 0.66, "bypass: the input as it is", ha="center", color=hs.plots.VERMILION)
ax.set(xlim=(-0.5, 6.5), ylim=(-0.25, 0.9), xticks=[], yticks=[], frame_on=False)
fig

# %% [markdown]
# The figure leaves out batch norm and ReLU inside the block. Check the diagram with the real network: ask it for the
# input, the correction and the output of one block, and add them up.


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
# So the output is ReLU(input + correction). The names of the layers say where you are. For example,
# `conv2_block2_3_bn` is the batch norm after the third convolution of block 2 in stage 2. The first block of each
# stage changes the number of channels. Its bypass therefore has a 1 x 1 convolution of its own, with a 0 in its name:
# `conv2_block1_0_conv`.

# %% [markdown]
# ## 2. Stages: fewer pixels, more channels
#
# Blocks are grouped in [**stages**](../docs/glossary.md#stage). Each stage has half the side of the one before and
# more channels. Some layer has to halve the side by moving its window two pixels at a time. In `conv1`, `conv3` and
# `conv4` it is a convolution at the beginning of the stage. The stage `conv2` halves nothing: the pooling layer
# `pool1` before it does, which keeps the largest number of each window.
#
# The course reads the encoder at four places, the last layer of each of the first four stages. These places are called
# [taps](../docs/glossary.md#tap).

# %%
import pandas as pd

taps = hs.encoder.TAPS["default"]
maps = dict(zip(taps, [ops.convert_to_numpy(f) for f in encoder(photos)]))
table = pd.DataFrame({"side": [f.shape[1] for f in maps.values()]}, index=taps)
table["pixels of the photo in a step"] = profile.size // table.side
table["channels"] = [f.shape[-1] for f in maps.values()]
assert list(table.channels) == [64, 256, 512, 1024]
table

# %% [markdown]
# How much of the photo can one of these numbers see? That square is called its **receptive field**. You can compute
# its side from the sizes and steps of the windows:

# %%
windows = {}  # for each tap: how many pixels wide a square of the photo one of its numbers can depend on
side, step = 1, 1
for layer in encoder.layers:
    if layer.name.endswith(("_conv", "_pool")) and "_0_" not in layer.name:  # _0_: the bypass
        size = layer.pool_size[0] if layer.name == "pool1_pool" else layer.kernel_size[0]
        side, step = side + (size - 1) * step, step * layer.strides[0]
    if layer.name in taps:
        windows[layer.name] = side
assert list(windows.values()) == [7, 35, 99, 291]
windows

# %% [markdown]
# This is the *nominal* receptive field: what lies outside it cannot change the number at all. In stage 4 it is 291
# pixels, more than the whole photo here. The *effective* field is smaller, because the pixels in the middle of the
# square [count for much more](https://arxiv.org/abs/1701.04128) than those at its border.
#
# What do the channels see? For one photo, the figure shows the four channels of each tap that vary most. They are
# bright where they respond. The first picture of each row is the photo itself at the size of the tap.

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
# The first row looks nearly like a drawing. The last row has only a few bright cells. Is it of any use? Test it. For
# each tap, find the one channel that follows the masks best on the training persons. Then see how well the same
# channel follows the masks of persons by whom it was not chosen.


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
rows = []
for name, f, g in zip(taps, encoder(known), encoder(unknown)):
    chosen_by = agreement(ops.convert_to_numpy(f), known_masks)
    best = chosen_by.argmax()
    rows.append([name, best, chosen_by[best], agreement(ops.convert_to_numpy(g), unknown_masks)[best]])
found = pd.DataFrame(rows, columns=["tap", "channel", "training persons", "test persons"]).set_index("tap")
assert found["test persons"].iloc[-1] > 0.4
found.round(2)

# %% [markdown]
# A number of `conv1` sees only 7 x 7 pixels. It can tell colours and edges, and how far that helps depends on the skin
# and on the wall. So its two values may differ much. A number of stage 4 sees a large part of the photo. One of its
# 1024 channels responds where the hand is. Nobody trained it for hands: perhaps it helped to know a violin by the hand
# that holds it. These photos cannot tell whether the channel responds to hands, to skin, or to anything in front of a
# wall, because they show nothing else. The course calls it the hand channel. Here it is for the course's four hands:

# %%
k = found.channel.iloc[-1]
response = maps[taps[-1]][..., k] / maps[taps[-1]][..., k].max()
hs.plots.images(
    [*photos, *response],
    [f"person {s.person}" for s in four] + [f"channel {k}"] * 4,
    alt=f"Four photos of hands, and below each the response of channel {k} in stage 4, a coarse grid: bright on hands.",
)

# %% [markdown]
# So the encoder finds the hand before you have trained anything. But it says only roughly **where** the hand is.
# Lesson 04 is about that.

# %% [markdown]
# Walk through the layers. On the photo, the bright square is all that the strongest value of a map depends on. The
# first choice of encoder is ImageNet's. The second one is the course's, after it was trained on hands.

# %%
hs.explore.look_inside(hs.encoder.build_encoder(224), hs.my_hand.load(photos[0]), tuned=hs.load_predictor())

# %% [markdown]
# ## 3. What the network expects
#
# A network works only with the kind of numbers that it was trained on. This one was trained on photos prepared as in
# an older program named Caffe:
#
# - the channels are in the order blue, green, red;
# - the numbers go from 0 to 255;
# - the mean colour of ImageNet is subtracted: 103.939 from blue, 116.779 from green and 123.68 from red.

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
# The library does the same in a layer, `CaffePreprocess`, which is the first layer of the encoder. Check it against
# Keras's own function:

# %%
x = photos.astype("float32")
right = ops.convert_to_numpy(encoder.get_layer("preprocess")(x))
assert np.allclose(right, keras.applications.resnet50.preprocess_input(x.copy()), atol=1e-3)
print(f"from {right.min():.0f} to {right.max():.0f}")

# %% [markdown]
# Many other networks expect numbers from 0 to 1. The article that this course grew out of stretches each photo to that
# range, and feeds it to this network. To see what the network makes of such numbers, take the encoder without its
# first layer, and feed it both ways.

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
# wrong? You need something that must be true of good features: **different photos must give different features.** So
# compare the features of each photo with those of every other photo.


# %%
def likeness(f):
    """Mean correlation between the features of different photos: 1 if all photos look the same."""
    between = np.corrcoef(f.reshape(len(f), -1))
    return between[np.triu_indices(len(f), 1)].mean()


alike = pd.DataFrame({"as trained": map(likeness, fed_right), "0-1": map(likeness, fed_wrong)}, index=taps)
assert alike["as trained"].iloc[-1] < 0.7 and alike["0-1"].min() > 0.95
alike.round(3)

# %% [markdown]
# Fed with 0-1, the encoder gives nearly the same answer for every photo. It was trained on numbers a hundred times as
# large. To this network, all of your photos are almost the same dark grey. Look at the hand channel:

# %%
wrong = fed_wrong[-1][..., k]
hs.plots.images(
    [*response, *wrong / wrong.max()],
    ["as trained"] * 4 + ["fed with 0-1"] * 4,
    alt="The response of the hand channel to four photos. Fed as trained: bright where the hand is. Fed with 0-1: four "
    "times almost the same pattern, whatever the photo.",
)

# %% [markdown]
# A decoder can still learn from such features, because it can enlarge the small differences that are left. But it
# loses most of what the encoder knows. This was measured on HGR1. Small networks, judged on nine persons they had
# never seen, reached after six epochs a hand IoU of {{ablation["the recipe"].iou:.3f}} with photos prepared as in
# training, and {{ablation["0-1 into an encoder that expects 0-255"].iou:.3f}} with 0-1, although both were fine-tuned
# ([results](../docs/results.md)). (IoU is a score from 0 to 1 for a mask; you met it in lesson 00.)
#
# The opposite mistake is to prepare the photo twice, once in the generator and once in the model. One rule avoids both
# mistakes: the preprocessing is the **first layer of the model**, and everything before it is plain uint8, as it came
# from the file. Whole numbers from 0 to 255 cannot have been scaled yet.
#
# <details>
# <summary>As published: 0-1 in the article's network</summary>
#
# The article's own network was fed with 0-1 for 20 epochs, at a larger size and with other persons. On the test
# persons it reaches an IoU of {{time_to_quality.article_test_iou:.3f}}.
#
# </details>

# %%
assert photos.dtype == np.uint8 and photos.max() > 1

# %% [markdown]
# ## 6. Cut off the top
#
# ResNet50 has five stages. On top of them is a layer that chooses one of the 1,000 kinds, which is of no use here. Is
# the fifth stage of use? Look at the number of parameters in each stage:

# %%
photo = keras.Input((profile.size, profile.size, 3), name="photo")
prepared = hs.encoder.CaffePreprocess()(photo)
resnet = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=prepared)
stages = [f"conv{i}" for i in range(1, 6)]
millions = [sum(layer.count_params() for layer in resnet.layers if layer.name.startswith(s)) / 1e6 for s in stages]
print(f"all five stages: {resnet.count_params():,} parameters")

# %%
fig, ax = hs.plots.figure(
    "Parameters of ResNet50's five stages in millions: 0.01, 0.22, 1.23, 7.13 and 15.00. The fifth, which is cut off, "
    "has more than the other four together.",
    height=2.2,
)
bars = ax.barh(stages, millions, color=[hs.plots.BLUE] * 4 + [hs.plots.GREY])
ax.bar_label(bars, [f"{m:.2f}" for m in millions[:4]] + [f"{millions[4]:.2f}, cut off"], padding=4)
ax.set(xlabel="million parameters", xlim=(0, 18))
ax.invert_yaxis()
fig

# %% [markdown]
# The fifth stage has more parameters than the other four together, and it halves the side once more. Many U-Nets keep
# it. The course leaves it out, as the article did: a hand is large, stage 4 already sees most of the photo, and the
# network becomes much smaller. What this costs in accuracy has not been measured here.
#
# To cut a Keras model, make a new model from the same input to earlier outputs. It shares the layers in between, and
# the other layers are left out.

# %%
trimmed = keras.Model(photo, [resnet.get_layer(name).output for name in taps], name="encoder")
hs.encoder.load_imagenet(trimmed)
assert trimmed.count_params() == encoder.count_params() == 8_589_184
for mine, theirs in zip(trimmed(photos), maps.values()):
    assert np.allclose(ops.convert_to_numpy(mine), theirs, atol=1e-3)  # the library does the same
print(f"{trimmed.count_params() / 1e6:.2f} of {resnet.count_params() / 1e6:.2f} million")

# %% [markdown]
# ## 7. Where to tap it
#
# The course reads the last output of each stage, after batch norm, sum and ReLU. One could also read a convolution in
# the middle of a block, and the article does so. Does it matter? Find out which layers read the outputs of these
# layers.


# %%
def readers(name):
    """The layers of ResNet50 that read a layer's output."""
    output = resnet.get_layer(name).output
    return [layer.name for layer in resnet.layers[1:] if any(x is output for x in keras.tree.flatten(layer.input))]


published = hs.encoder.TAPS["published"]
raw = dict(zip(published, features(encoder, published, photos)))
rows = [[name, ", ".join(readers(name)), (f < 0).mean()] for name, f in (raw | maps).items()]
assert all(share > 0.2 for *_, share in rows[:4]) and all(share == 0 for *_, share in rows[4:])
pd.DataFrame(rows, columns=["tap", "is read by", "share of negative numbers"]).set_index("tap").round(2)

# %% [markdown]
# The upper four rows are the article's taps, the lower four are the course's. Each of the upper four is read by its
# own batch norm only. The later blocks of ResNet never see these numbers: they see what comes after batch norm, sum
# and ReLU. After a ReLU no number is negative. So there is a check of one line: **if a tap has negative numbers, it
# comes before the ReLU.**

# %%
fig, axes = hs.plots.figure(
    "Above, histograms of the article's taps: many negative values. Below, of the course's: none, and one scale.",
    rows=2,
    columns=4,
    height=4,
)
for ax, (name, f) in zip(axes.flat, (raw | maps).items()):
    ax.hist(f.ravel(), bins=60, log=True, color=hs.plots.VERMILION if f.min() < 0 else hs.plots.BLUE)
    ax.set_title(name, fontsize=9)
    ax.tick_params(labelsize=8)
fig.supxlabel("to the right: value of a feature; upwards: how many there are, on a log scale", fontsize=9)
fig

# %% [markdown]
# What is it worth to tap after the ReLU? The small networks of section 5 reached an IoU of
# {{ablation["the recipe"].iou:.3f}}. With the article's taps they reached
# {{ablation["skips before batch norm and ReLU"].iou:.3f}}, and the result was worse for each of the nine persons.
# Fine-tuning can repair much of the damage. But this is one of the larger differences in the [table of
# choices](../docs/results.md), and the better choice costs nothing.
#
# <!-- holds: ablation["skips before batch norm and ReLU"].worse_persons == 9 -->
#
# <details>
# <summary>As published: a misleading name</summary>
#
# In the article's code, a variable named `conv3_block3_out` holds the layer `conv3_block3_2_conv`. Its bottleneck,
# `conv4_block6_3_conv`, is the correction of the last block before it is added to anything: the bypass is missing.
#
# </details>

# %% [markdown]
# ## 8. Freeze it
#
# A new decoder begins with random weights, and its first gradients are large and nearly random. If they reached the
# encoder, they would spoil what it knows. So the encoder is [**frozen**](../docs/glossary.md#frozen) at first: with
# `trainable = False` its weights stay as they are. Later, the course lets stages 3 and 4 learn as well. Stages 1 and 2
# stay frozen. They see edges and colours, which hands have in common with everything else, and their large maps cost
# most to train (lesson 06).
#
# `hs.encoder.freeze` freezes everything, or everything before a given block. A slip in such code raises no error: a line
# like `layer.trainable == True` compares in place of setting, and changes nothing. So after each change, **count what
# can be trained**:

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
# The article wants to train everything from a layer in stage 4 on:
#
# ```python
# set_trainable = False
# for layer in base_model.layers:
#     if layer.name == "conv4_block4_2_conv":
#         set_trainable == True
#     layer.trainable = set_trainable
# ```
#
# The line with `==` compares and throws the answer away; `=` was meant. So the whole encoder stayed frozen to the end.
# The code runs without a word, and the loss falls. A count would have said: 0 weight arrays can be trained.
#
# </details>
#
# There is one more trap. Keras looks at `trainable` when it builds the training step, at the first `fit` after
# `compile`. If you freeze a layer later, it still learns until you compile again:


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
# **Freeze, then compile.** `hs.fit` does so at the start of each of its stages.

# %% [markdown]
# ## 9. Exercise: unfreeze from a block on (core)
#
# Write a function that takes an encoder and the name of a block, such as `"conv4_block4"`. It freezes every layer
# before the first layer of that block. It makes that layer and **all layers after it** trainable. The layers are in
# `encoder.layers`, in order. The name of each layer of a block begins with the block's name.
#
# The encoder as a whole has a flag, too. While it is `False`, the encoder says that it has no trainable weights,
# whatever its layers say. So begin with `encoder.trainable = True`. Then set the flag of **each** layer: if the
# encoder's flag was `True` before, that first line changes nothing.


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
# ## 10. Exercise: which layers learn? (stretch)
#
# A count tells you that something is wrong, but not where. Write a function that takes an encoder and returns a list
# of the names of all layers that training can change.
#
# The flag of a layer is not enough. A ReLU may be trainable, but it has no weights. And while the encoder's own flag
# is `False`, none of its layers learns. The lists `layer.trainable_weights` and `encoder.trainable_weights` help.


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
# ## 11. Batch norm can change without a gradient
#
# Batch norm subtracts a mean and divides by the root of a variance. Where do the two come from? That depends on how
# the model is called:
#
# - with `training=True`, they are those of the current batch, and batch norm moves a stored mean and a stored variance
#   a little towards them;
# - with `training=False`, they are the stored ones. Here these come from a million photos.
#
# So the stored numbers can change although no gradient touches them. In which cases do they change? Try all four:

# %%
hs.encoder.freeze(trimmed, "conv1")  # all of it is trainable


def drift(model, training):
    """How far one call moves the kept means of the first batch norm."""
    hs.encoder.load_imagenet(model)
    norm = model.get_layer("conv1_bn")
    before = ops.convert_to_numpy(norm.moving_mean).copy()
    model(photos, training=training)
    return float(np.abs(ops.convert_to_numpy(norm.moving_mean) - before).max())


# %%
rows = []
for trainable in (True, False):
    trimmed.trainable = trainable
    rows.append([drift(trimmed, training=True), drift(trimmed, training=False)])
door = pd.DataFrame(rows, ["trainable=True", "trainable=False"], ["training=True", "training=False"])
assert (door.to_numpy() > 0).tolist() == [[True, False], [False, False]]
door.round(2)

# %% [markdown]
# They change in one case only: the layer is trainable, and it is called with `training=True`. A frozen encoder is
# safe. But when you fine-tune, the encoder is trainable and `fit` calls it with `training=True`. Step by step, the
# statistics of a million photos would be replaced by those of a few small batches of hands.
#
# You may read the advice to write `encoder(photo, training=False)` when you build the model. In Keras 3 this does not
# help: if the encoder is a model within a model, `fit` hands its own `training=True` down to it ([the
# report](https://github.com/keras-team/keras/issues/20285)). So the course's encoder is a model that ignores the
# argument. It takes three lines:


# %%
class StillModel(keras.Model):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


still = StillModel(trimmed.input, trimmed.outputs)
for model in (still, encoder):  # the library's encoder is one, too
    hs.encoder.freeze(model, "conv1")
    assert model.get_layer("conv1_bn").trainable and drift(model, training=True) == 0

# %% [markdown]
# The scale and the shift of each batch norm still learn by gradients, as other weights do. Its mean and its variance
# stay as they are.

# %% [markdown]
# ## 12. What you learned
#
# - A convolution slides a window of weights over its input. A residual block adds a correction to its input.
# - Each stage has half the side and more channels than the one before. A number of stage 4 can see up to 291 pixels of
#   the photo, and mostly those in the middle.
# - ImageNet's ResNet50 expects blue, green, red, from 0 to 255, minus a mean. Put the preprocessing into the model,
#   and check that different photos give different features.
# - Without its fifth stage it has 8.6 million parameters in place of 23.6 million.
# - Tap after the ReLU: there are no negative numbers.
# - After you freeze layers, count what is trainable, and compile.
# - The mean and the variance of batch norm can change without a gradient. Keep them still while you fine-tune.

# %% [markdown]
# ## 13. Quiz

# %%
hs.quiz("03")

# %% [markdown]
# ## 14. Next
#
# [04 The U-Net](04_the_u_net.ipynb) builds the way back up, from features to an outline.
