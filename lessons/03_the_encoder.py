# %% [markdown]
# # 03 The encoder
#
# *You have a few hundred photos of hands. Somebody else had a million photos of everything, and gave away what their
# network learned. This lesson takes that network apart, keeps the useful part, and finds five ways to spoil it that
# make no noise.*
#
# **You will be able to**
# - say what a residual block and a stage are, and show what their features see;
# - feed a pretrained network what it was trained on, and find out when it starves;
# - trim it, freeze it, and prove which of its layers learn;
# - keep its batch norm still while you fine-tune.
#
# **Time:** 65 minutes to work through; the computer needs {{ceil(memory["03"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** [02 Batches and augmentation](02_batches_and_augmentation.ipynb), and what a convolution does
# ([with pictures](https://cs231n.github.io/convolutional-networks/)).

# %% [markdown]
# This is the whole network of the course. This lesson is about its left arm. Click on a block to open it, or use Tab and
# the arrow keys: you see its strongest maps, and how much of the photo one of its values depends on.

# %%
hs.explore.open_network("encoder")

# %% [markdown]
# ### What a convolution does
#
# All of it is made of one step, the **[convolution](../docs/glossary.md#convolution)**. Lay a small square of numbers,
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
# [ResNet50](https://arxiv.org/abs/1512.03385) was trained on [ImageNet](../docs/glossary.md#imagenet), a million photos
# of 1,000 kinds of things: dogs, boats, mushrooms. None of the kinds is "hand". But to tell them apart, it had to learn
# edges, colours, textures, and shapes, and hands have those too. Its weights come with the course. Trimmed, it becomes the
# course's **[encoder](../docs/glossary.md#encoder)**: the half of the network that turns pixels into features. The other
# half, the **[decoder](../docs/glossary.md#decoder)**, turns features into a mask; lesson 04 builds it.

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
# Layer upon layer is not enough. The paper shows plain networks that get worse as they get deeper: each layer has to
# pass on all that the later ones will need, besides its own work. ResNet's idea is a bypass. A [**residual
# block**](../docs/glossary.md#residual-block) computes a *correction*, and adds it to its input.

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
# Do not take a diagram's word for it. Ask the network for a block's input, its correction and its output, and add up:


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
# After each convolution comes a [**batch norm**](../docs/glossary.md#batch-norm), which brings each channel to a handy
# range (section 11 needs it again), and after the first two also a [**ReLU**](../docs/glossary.md#relu), which turns
# what is negative into 0. The figure leaves these out; without ReLUs, the three convolutions could do no more than one.
# The name of a layer says where you are: `conv2_block2_3_bn` is the batch norm after the third convolution of block 2,
# stage 2. The first block of a stage puts out another number of channels than it was given, so its bypass has a 1 x 1
# convolution of its own, whose name holds a 0: `conv2_block1_0_conv`.

# %% [markdown]
# ## 2. Stages: fewer pixels, more to say
#
# Blocks come in [**stages**](../docs/glossary.md#stage). From one stage to the next the side halves, because a layer at
# its beginning goes in steps of two, and there are more channels. The course reads the encoder at four places, its
# [taps](../docs/glossary.md#tap): the last layer of each of the first four stages.

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
# What do these channels see? For one photo, here are the four channels of each tap that vary most, bright where they
# respond. Beside them, the photo itself at the same side.

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
# The first row is nearly a drawing. The last one is a few lit cells, and looks useless. Is it? Look for the one
# channel of each tap that follows the masks best, on the training persons. Then try it on persons that it was not
# chosen by.


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
# A channel of conv1 sees 7 x 7 pixels. It can go by colour and edges only, and how well that does depends on whose skin
# is before which wall: its two numbers may be far apart, either way. A channel of stage 4 sees most of the photo. Among
# its 1024 is one that lights up where the hand is. Nobody asked for it: to know a violin or a dumb-bell, it may help to
# know what holds it. Does it know hands, or skin, or whatever stands before a wall? These photos cannot tell, for there
# is nothing else in them. The course calls it the hand channel. Here it is, on the course's four hands:

# %%
k = found.channel.iloc[-1]
response = maps[taps[-1]][..., k] / maps[taps[-1]][..., k].max()
hs.plots.images(
    [*photos, *response],
    [f"person {s.person}" for s in four] + [f"channel {k}"] * 4,
    alt=f"Four photos of hands, and below each the response of channel {k} in stage 4, a coarse grid: bright on hands.",
)

# %% [markdown]
# So the encoder has found what you are looking for, before you have trained anything. **Where** it is, one channel says
# only to a cell. Lesson 04 is about that.

# %% [markdown]
# Walk through the layers. On the photo, the bright square is all that the strongest value of a map depends on. The
# first choice of encoder is ImageNet's. The second one is the course's, after it was trained on hands.

# %%
hs.explore.look_inside(hs.encoder.build_encoder(224), hs.my_hand.load(photos[0]), tuned=hs.load_predictor())

# %% [markdown]
# ## 3. What it wants to eat
#
# A network understands only what it was trained on. This one was trained on photos in the manner of an old program
# named Caffe: channels in the order blue, green, red; numbers from 0 to 255; and from each the mean colour of ImageNet
# taken off. That mean is 103.939 in blue, 116.779 in green and 123.68 in red.

# %% [markdown]
# ## 4. Exercise: in the manner of Caffe (warm-up)
#
# Write a function that takes photos as the course reads them, an array of shape (photos, height, width, 3), uint8, red
# first, and returns them as this network was trained: blue first, minus the mean colour. Whatever is darker than the
# mean comes out negative.


# %%
def to_caffe(photos):
    # <solution>
    return photos[..., ::-1] - np.array([103.939, 116.779, 123.68])
    # </solution>


# %%
hs.check.to_caffe(to_caffe)

# %% [markdown]
# ## 5. Fed with 0-1
#
# Here is the same as a layer, so that it can be a part of the model. It agrees with the library's and with Keras's own:


# %%
class CaffePreprocess(keras.layers.Layer):
    def call(self, x):
        return ops.flip(x, axis=-1) - ops.convert_to_tensor([103.939, 116.779, 123.68], x.dtype)


x = photos.astype("float32")
right = ops.convert_to_numpy(CaffePreprocess()(x))
assert np.allclose(right, ops.convert_to_numpy(encoder.get_layer("preprocess")(x)))
assert np.allclose(right, keras.applications.resnet50.preprocess_input(x.copy()), atol=1e-3)
print(f"from {right.min():.0f} to {right.max():.0f}")

# %% [markdown]
# The article stretches each photo to 0-1 instead, and feeds that. It looks reasonable, and it is what many networks
# want. To see what this one makes of it, take the encoder without its first layer, and feed it both ways.

# %%
inside = keras.Model(encoder.get_layer("preprocess").output, encoder.outputs)
low, high = x.min(axis=(1, 2, 3), keepdims=True), x.max(axis=(1, 2, 3), keepdims=True)
stretched = (x - low) / (high - low)

fed_right = [ops.convert_to_numpy(f) for f in inside(right)]
fed_wrong = [ops.convert_to_numpy(f) for f in inside(stretched)]
print("the same shapes:", [f.shape for f in fed_right] == [f.shape for f in fed_wrong])
print("anything missing:", any(np.isnan(f).any() for f in fed_wrong))

# %% [markdown]
# No error, no warning, and features of the right shape. How would you notice? By something that you know beforehand:
# **different photos must give different features.** So compare each photo's features with each other photo's.


# %%
def likeness(f):
    """Mean correlation between the features of different photos: 1 if all photos look the same."""
    between = np.corrcoef(f.reshape(len(f), -1))
    return between[np.triu_indices(len(f), 1)].mean()


alike = pd.DataFrame({"as trained": map(likeness, fed_right), "0-1": map(likeness, fed_wrong)}, index=taps)
assert alike["as trained"].iloc[-1] < 0.7 and alike["0-1"].min() > 0.95
alike.round(3)

# %% [markdown]
# Fed with 0-1, the encoder gives nearly the same answer to every photo. It was trained on numbers a hundred times as
# large: to it, all your photos are the same grey wall. Look at the hand channel:

# %%
wrong = fed_wrong[-1][..., k]
hs.plots.images(
    [*response, *wrong / wrong.max()],
    ["as trained"] * 4 + ["fed with 0-1"] * 4,
    alt="The response of the hand channel to four photos. Fed as trained: bright where the hand is. Fed with 0-1: four "
    "times almost the same pattern, whatever the photo.",
)

# %% [markdown]
# A decoder can be trained on that. What little difference is left can be blown up again, and the article's network does
# find hands. But most of what you came for, the knowledge from a million photos, stays in the box. On HGR1 small
# networks, judged on nine persons they had never seen, came in six epochs to a hand IoU of
# {{ablation["the recipe"].iou:.3f}} as trained, and to {{ablation["0-1 into an encoder that expects 0-255"].iou:.3f}} with 0-1, although both were fine-tuned ([results](../docs/results.md)). (Other persons, a larger size, 20
# epochs: the article's own network, fed with 0-1, comes to {{time_to_quality.article_test_iou:.3f}} on the test persons.)
#
# There is an opposite mistake: to scale in the generator *and* in the model. Both have one cure. The preprocessing is
# the **first layer of the model**, and everything before it is plain uint8 as it came from the file. Whole numbers
# from 0 to 255 cannot have been scaled yet.

# %%
assert photos.dtype == np.uint8 and photos.max() > 1

# %% [markdown]
# ## 6. Trim it
#
# ResNet50 has five stages and, on top, a layer for its 1,000 kinds. The top is of no use here. And the fifth stage?
# Look where the parameters are:

# %%
photo = keras.Input((profile.size, profile.size, 3), name="photo")
resnet = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=CaffePreprocess()(photo))
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
# The fifth stage has most of the parameters, and halves the side once more. Many U-Nets keep it. The article cuts it
# off, and so does the course: a hand is large, stage 4 sees most of the photo already, and the network becomes small.
# What that costs has not been measured here. A trimmed model is a new model, from the same input to other outputs: it
# shares the layers on the way, and the rest falls away.

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
# The course reads each stage's last output. The article picks other layers. In its code, a variable named
# `conv3_block3_out` holds the layer `conv3_block3_2_conv`, a convolution in the middle of a block. Does it matter? Ask
# who else reads these layers.


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
# The upper four are the article's. Each is read by its own batch norm and by nothing else: to the rest of ResNet,
# these numbers do not exist. What the next stage reads comes later, after batch norm, sum and ReLU. A ReLU leaves no
# negative numbers, so **a tap with negative numbers is not what you think it is.** That is a check of one line.

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
# And the article's bottleneck, `conv4_block6_3_conv`, lacks the bypass: it is the block's correction alone, before it
# has been added to anything.
#
# So much for what the layers are. What is it worth to tap the right ones? The small networks of section 5 came to a
# hand IoU of {{ablation["the recipe"].iou:.3f}}; tapped where the article taps, to
# {{ablation["skips before batch norm and ReLU"].iou:.3f}}, and each of the nine persons was outlined worse. Not a
# catastrophe: fine-tuning bends the layers into shape. But it is one of the larger steps in
# [what each choice is worth](../docs/results.md), and it costs nothing.
# <!-- holds: ablation["skips before batch norm and ReLU"].worse_persons == 9 -->

# %% [markdown]
# ## 8. Freeze it
#
# A fresh decoder knows nothing, and its first gradients are wild. If they reach the encoder, they spoil what it knows.
# So the encoder is [**frozen**](../docs/glossary.md#frozen) at first: `trainable = False`. Later most of it may learn
# along: the course thaws stages 3 and 4. The first two see edges and colours, which hands have too, and their large
# maps cost most to train (lesson 06). They stay as they are.
#
# Here is how the article thaws everything from a layer in stage 4 on:

# %%
trimmed.trainable = True
set_trainable = False
for layer in trimmed.layers:
    if layer.name == "conv4_block4_2_conv":
        set_trainable == True  # noqa: E712
    layer.trainable = set_trainable

# %% [markdown]
# Do you see it? Most readers do not. The code runs, the training runs, the loss falls. A linter would have found it:
# its warning E712 had to be silenced here. And one line of yours finds it: **count what can be trained.**

# %%
# NBVAL_CHECK_OUTPUT
print("weight arrays that training can change:", len(trimmed.trainable_weights), "of", len(trimmed.weights))

# %% [markdown]
# None at all. `==` compares, and the answer is thrown away; `=` was meant. The article's encoder stayed frozen from
# the first epoch to the last. `hs.encoder.freeze` does what was meant. It freezes everything, or everything before a
# block:

# %%
# NBVAL_CHECK_OUTPUT
for start in (None, "conv4_block4", "conv3_block1"):
    hs.encoder.freeze(trimmed, start)
    values = sum(int(np.prod(w.shape)) for w in trimmed.trainable_weights)
    print(f"train from {start}: {len(trimmed.trainable_weights)} arrays, {values:,} numbers")

# %% [markdown]
# So count after each freezing and thawing, and assert what you expect.
#
# There is a second trap. Keras looks at `trainable` when it puts the training step together, at the first `fit` after
# `compile`. What you freeze after that stays warm:


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
# ## 9. Exercise: thaw from a block on (core)
#
# Write a function that takes an encoder and the name of a block, such as `"conv4_block4"`. It freezes every layer
# before the block's first one, and makes that one and **all that follow** trainable. The layers are in
# `encoder.layers`, in order, and the names of a block's layers begin with the block's name.
#
# Two things to mind. The encoder has a flag of its own, and while that is `False`, the encoder says that it has no
# trainable weights, whatever its layers' flags are: so begin with `encoder.trainable = True`. (Inside a larger model,
# Keras asks the weights and not this flag. Count on the model that you train.) But do not rely on it to thaw the
# layers. Where the flag is `True` already, Keras with TensorFlow skips that line, and a frozen layer stays frozen. Set
# the flag of each layer.


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
# A count says that something is wrong, not where. Write the check that would have shown the `==` at first sight: a
# function that takes an encoder and returns the names of the layers that training can change, in a list.
#
# A layer's own flag is not enough, for two reasons. A ReLU may be trainable, but has no weights to train. And while the
# encoder's flag is `False`, the encoder, trained by itself, learns nothing, whatever the layers say. Two lists of Keras
# help: `layer.trainable_weights` and `encoder.trainable_weights`.


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
# ## 11. Batch norm has a door of its own
#
# Freezing keeps *gradients* away from the weights. But batch norm has numbers that no gradient moves: for each channel
# a **mean** and a **variance**. In use, which is called *inference*, it takes those it has kept, here from a million
# photos. In training it takes the current batch's, and moves the kept ones towards them.
#
# What does that mean for a batch of four? What a photo looks like then depends on who else is in the batch:


# %%
def bottleneck(model, batch, training):
    return ops.convert_to_numpy(model(batch, training=training)[-1])[0].ravel()  # of the first photo


hs.encoder.freeze(trimmed, "conv1")  # all of it is trainable
other_company = np.concatenate([photos[:1], known[-3:]])
for training in (False, True):
    same_photo = [bottleneck(trimmed, batch, training) for batch in (photos, other_company)]
    print(f"training={training}: the same photo in two batches, correlation {np.corrcoef(same_photo)[0, 1]:.2f}")
assert np.corrcoef(same_photo)[0, 1] < 0.95

# %% [markdown]
# And the calls with `training=True` have moved the kept numbers, without any `fit`. When does that happen? Try the
# four combinations:


# %%
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
# Only one door is open: trainable, and called with `training=True`. A frozen encoder is safe. But when you
# **fine-tune**, the encoder is trainable, and `fit` calls with `training=True`: step by step, the statistics of a
# million photos are replaced by those of a few batches of hands.
#
# The usual advice is to write `encoder(photo, training=False)` when you build the model. Hold it to the test: build a
# small model in a model, fit one step, and look at the kept mean.


# %%
def drift_in_fit(**call):
    norm = keras.layers.BatchNormalization()
    inner = keras.Sequential([keras.Input((None, None, 3)), norm])
    outer_input = keras.Input((None, None, 3))
    outer = keras.Model(outer_input, inner(outer_input, **call))
    outer.compile("sgd", "mse", run_eagerly=True)
    outer.fit(photos / 255, photos / 255, verbose=0)
    return float(np.abs(ops.convert_to_numpy(norm.moving_mean)).max())


print(f"drift {drift_in_fit():.4f}, with training=False {drift_in_fit(training=False):.4f}")

# %% [markdown]
# With Keras 3.13 and with 3.15, the second number is as large as the first: the advice fails. A model within a model
# hears `fit`'s `training=True`, whatever you wrote. So the course's encoder is a model that does not listen. It takes
# three lines:


# %%
class StillModel(keras.Model):
    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=False, mask=mask)


still = StillModel(trimmed.input, trimmed.outputs)
for model in (still, encoder):  # the library's encoder is one, too
    hs.encoder.freeze(model, "conv1")
    assert model.get_layer("conv1_bn").trainable and drift(model, training=True) == 0

# %% [markdown]
# The scale and the shift of each batch norm still learn, by gradients, as other weights do. Its mean and variance
# stay.

# %% [markdown]
# ## 12. What you learned
#
# - A residual block adds a correction to its input; stages trade pixels for channels.
# - ImageNet's ResNet50 wants BGR, 0-255, minus a mean. Fed with 0-1, it sees the same in every photo. Put the
#   preprocessing into the model, and check that different photos give different features.
# - Trimmed after its fourth stage, it keeps 8.6 of 23.6 million parameters.
# - Tap after the ReLU: what the next stage reads has no negative numbers.
# - After freezing, count what is trainable, ask which layers learn, and compile.
# - Batch norm's mean and variance move without any gradient, as soon as it is trainable. Keep them still while you
#   fine-tune, and compare them before and after a step.

# %% [markdown]
# ## 13. Quiz

# %%
hs.quiz("03")

# %% [markdown]
# ## 14. Next
#
# [04 The U-Net](04_the_u_net.ipynb) builds the way back up, from features to an outline.
