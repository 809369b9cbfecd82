# %% [markdown]
# # 03 The encoder
#
# *You have a few hundred photos of hands. Other people had a million photos of everything, and they gave away the
# network that they trained. This lesson opens that network, looks at what it sees, and keeps the part that is useful
# for hands.*
#
# **You will be able to**
# - say what a convolution, a residual block and a stage are;
# - feed a pretrained network what it was trained on, and notice when you do not;
# - cut off the part that you do not need, freeze the rest, and check which layers learn;
# - keep the statistics of batch norm still while you fine-tune.
#
# **Time:** 95 minutes to work through; the computer needs {{ceil(memory["03"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** [02 Batches and augmentation](02_batches_and_augmentation.ipynb).

# %% [markdown]
# This lesson is about the left arm of the network. Click on a block to open it.

# %%
hs.explore.open_network("encoder")

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
# Drag the square over the photo, or move it by the arrow keys. Orange stands for numbers above 0, and blue for numbers
# below 0. Where does the kernel "vertical edges" answer with 0, and where with a large number? Then choose other numbers.
# (If you kept a photo of your hand in lesson 00, you see it here. Otherwise it is a drawn one.)

# %%
drawn_hand, _ = hs.drawn.render(4, "5", 0)
hs.explore.convolve(hs.my_hand.load(drawn_hand))

# %% [markdown]
# A photo has three channels: red, green and blue. Then a kernel has a square of numbers for each channel. All products
# are added up, and one more number, the *bias*. A layer has many kernels. Each makes one map of answers, and these maps
# are the channels that the next layer reads. Nobody wrote the numbers: the network learned them. Here are the 64
# kernels of the first layer, 7 x 7 each, and their maps. (They come from the network of section 2. The course never trains
# its first layer.)

# %%
hs.explore.draw_filters(hs.load_predictor(), hs.my_hand.load(drawn_hand))

# %% [markdown]
# There are stripes in all directions, and spots of colour. The next layer looks for patterns in these maps.
#
# Two more steps follow each convolution of this network:
#
# - Some channels have small numbers and others have large ones. [**Batch norm**](../docs/glossary.md#batch-norm)
#   brings them to one range. It subtracts the mean of the channel, and divides by its spread, the standard deviation.
#   Both are taken over all places and all photos of the batch.
# - [**ReLU**](../docs/glossary.md#relu) replaces negative numbers by 0. Without such a step between them, three
#   convolutions in a row could do no more than one large convolution. (If you take 2 times a number, and then 3 times the
#   result, you could have taken 6 times the number at once. Sums of sums are sums, too. Cutting off what is negative breaks
#   this.)
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
# Go back to the figure in which you moved the square. Tick "then batch norm" and "then ReLU" there, and see what is left.
#
# Last, batch norm multiplies each channel by a number of its own, the *scale*, and adds another one, the *shift*. These two
# are learned.
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
# [ResNet50](https://arxiv.org/abs/1512.03385) is a network that tells what a photo shows. It was trained on
# [ImageNet](../docs/glossary.md#imagenet), a million photos of 1,000 kinds of things: dogs, boats, mushrooms. None of
# these kinds is "hand". But to tell them apart, the network had to learn edges, colours, textures and shapes, and hands
# have those too.
#
# The course uses ResNet50 as its **[encoder](../docs/glossary.md#encoder)**, the half of the network that turns pixels
# into features. A feature is a number that says how strongly the network finds something, such as an edge, at one place
# of the photo. The other half, the **[decoder](../docs/glossary.md#decoder)**, turns features into a mask (lesson 04).

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
# At some point, more layers make a network worse. The authors of ResNet compared plain networks of 20 and 56 layers.
# The deeper one had the larger error **on the training photos themselves**, so it was harder to train. Their remedy is
# a bypass. A [**residual block**](../docs/glossary.md#residual-block) computes a correction and adds it to its input:
#
# ```
# input ──┬── 1 x 1 conv ── 3 x 3 conv ── 1 x 1 conv ── + ── ReLU ── output
#         └───────── bypass: the input as it is ────────┘
# ```
#
# (Batch norm follows each convolution, and ReLU the first two. In the first block of a stage, input and correction differ
# in shape. There the bypass has a 1 x 1 convolution, which makes them fit.)
#
# Check it with the real network: ask for the input, the correction and the output of one block, and add them up.


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
# A [**stage**](../docs/glossary.md#stage) is a group of blocks. (Stage 1 is the first convolution alone.) Each stage has
# more channels than the one before, and half the side, because a layer at its beginning moves on by two pixels at a time.
# In stages 1, 3 and 4 this layer is a convolution. In front of stage 2 it is a **max pooling**, which keeps the largest of
# 3 x 3 numbers. (The original U-Net of lesson 04 halves all its maps by max pooling.)
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
# The last column is the side of the square of the photo that one number can depend on, in pixels. This square is its
# [**receptive field**](../docs/glossary.md#receptive-field). In stage 4 it is larger than the photo. But the pixels in
# its middle [count for much more](https://arxiv.org/abs/1701.04128) than those near its border.
#
# What do the channels see? The figure shows the four channels of each tap that vary most. They are bright where they
# respond. (Some are bright only along the edge of the picture: they respond to the zeros that the network puts there.)

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
# The last row has only a few bright cells. Is it of any use? Test it. For each tap, look for the one channel that is
# bright where the masks of the training persons are 1. Then see whether the same channel is also bright on the hands of
# the test persons, who had no part in the choice.
#
# A *correlation* says how well two lists of numbers go up and down together: 1 is exactly together, 0 is not at all. So a
# channel that is bright exactly where there is skin has a correlation of 1. You need not follow the code.


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
# The last row is high for both. Do not trust the first row. A channel that does better on strangers than on the persons by
# whom it was chosen has had luck. A number of `conv1` sees only 7 x 7 pixels, so it follows the skin by brightness and
# colour, and that depends on the wall. Among the drawn hands used here, the walls of all test persons are darker than their
# skin. Some training persons have a wall that is brighter.
#
# So one of the 1024 channels of stage 4 responds where the hand is, though nobody trained it for hands. (It may respond
# to skin, or to anything in front of a wall. These photos cannot tell.) The course calls it the hand channel:

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
# Lesson 04 is about that. (To walk through all layers, with a photo of your own hand, run
# `hs.explore.look_inside(hs.load_predictor(), hs.my_hand.load(photos[0]))` in a new cell.)

# %% [markdown]
# ## 3. What the network expects
#
# A network works only with the kind of numbers that it was trained on. For this one, photos were prepared as in an
# older program named Caffe:
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
# Many other networks expect numbers from 0 to 1. (The article that this course grew out of feeds them to this one.) To
# see what they do here, take the encoder without its first layer, and feed it both ways.

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
# wrong? Good features obey a rule: **different photos give different features.** So compare the features of each photo
# with those of every other photo.


# %%
def likeness(f):
    """Mean correlation between the features of different photos: 1 if all photos look the same."""
    between = np.corrcoef(f.reshape(len(f), -1))
    return between[np.triu_indices(len(f), 1)].mean()


alike = pd.DataFrame({"as trained": map(likeness, fed_right), "0-1": map(likeness, fed_wrong)}, index=taps)
assert alike["as trained"].iloc[-1] < 0.7 and alike["0-1"].min() > 0.95
alike.round(3)

# %% [markdown]
# Fed with 0-1, the encoder gives nearly the same answer for every photo. It expects numbers from about -124 to +151, and 0
# means: this pixel has the mean colour. All numbers from 0 to 1 are next to 0, so they all say: mean colour. To this
# network, each of your photos is the same even grey. Look at the hand channel:

# %%
wrong = fed_wrong[-1][..., k]
hs.plots.images(
    [*response, *wrong / wrong.max()],
    ["as trained"] * 4 + ["fed with 0-1"] * 4,
    alt="The response of the hand channel to four photos. Fed as trained: bright where the hand is. Fed with 0-1: four "
    "times almost the same pattern, whatever the photo.",
)

# %% [markdown]
# A decoder can still learn from such features, because it can enlarge the small differences that are left. But much
# of what the encoder knows is lost. In the [small test](../docs/glossary.md#small-test) of lesson 02, the IoU is
# {{ablation["the recipe"].iou:.3f}} with photos prepared as they should be. With 0-1 it is
# {{ablation["0-1 into an encoder that expects 0-255"].iou:.3f}}, although the encoder was fine-tuned in both cases
# ([results](../docs/results.md)).
#
# Does batch norm not put the scale right? It would do so for the most part, if it used the mean and the spread of your
# photos. Here it uses those that were stored when the encoder was trained (section 10).
#
# The opposite mistake is to prepare the photo twice, in the generator and in the model. One rule avoids both: the
# preprocessing is the **first layer of the model**, and everything before it is plain uint8, as it came from the file.

# %%
assert photos.dtype == np.uint8 and photos.max() > 1

# %% [markdown]
# ## 6. Cut off the top
#
# ResNet50 has five stages, and on top of them a layer that chooses one of the 1,000 kinds, which is of no use here. Is
# the fifth stage of use? Look at the number of parameters in each stage:

# %%
photo = keras.Input((profile.size, profile.size, 3), name="photo")
prepared = hs.encoder.CaffePreprocess()(photo)
resnet = keras.applications.ResNet50(include_top=False, weights=None, input_tensor=prepared)
stages = [f"conv{i}" for i in range(1, 6)]
millions = [sum(layer.count_params() for layer in resnet.layers if layer.name.startswith(s)) / 1e6 for s in stages]
pd.Series(millions, stages, name="million parameters").round(2)

# %% [markdown]
# The fifth stage has more parameters than the other four together. Many U-Nets keep it. The course leaves it out,
# because then the network is much smaller. What this costs in accuracy has not been measured.
#
# To cut a Keras model, make a new model from the same input to earlier outputs. It shares the layers in between.

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
# A new decoder begins with random weights, and its first gradients are large and nearly random. They could spoil what
# the encoder knows. So the encoder is [**frozen**](../docs/glossary.md#frozen) at first: with `trainable = False` its
# weights stay as they are. Later, the course lets stages 3 and 4 learn as well (lesson 06). Stages 1 and 2 stay frozen:
# they see edges and colours, which hands have in common with everything else.
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
# The line with `==` compares, and sets nothing; `=` was meant. So the whole encoder stays frozen to the end. The code
# runs, and the loss falls. A count says it: 0 weight arrays can be trained.
#
# </details>
#
# There is one more trap. Keras looks at `trainable` at the first `fit` after `compile`. If you freeze a layer later, it
# still learns until you compile again:


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
# **Freeze, then compile.** `hs.fit` does so at the start of each of its stages. (PyTorch has no such step: there the flag
# counts at once. But see that the optimiser has the weights that you unfreeze.)

# %% [markdown]
# ## 8. Exercise: unfreeze from a block on (core)
#
# Write a function that takes an encoder and the name of a block, such as `"conv4_block4"`. It freezes every layer
# before the first layer of that block. It makes that layer and **all layers after it** trainable. `encoder.layers` has
# the layers in order. The name of each layer of a block begins with the block's name: those of block 4 in stage 4 are
# `conv4_block4_1_conv`, `conv4_block4_1_bn`, `conv4_block4_1_relu`, `conv4_block4_2_conv`, and so on, up to
# `conv4_block4_out`.
#
# The encoder as a whole has a flag, too. While it is `False`, nothing in the encoder learns, whatever the flags of its
# layers are. So begin with `encoder.trainable = True`. Do not rely on this line to set the layers' flags: set the flag
# of **each** layer yourself.


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
# ## 10. Batch norm can change without a gradient
#
# Batch norm subtracts a mean and divides by a spread. In section 1, both came from the four numbers themselves. In a
# network, where they come from depends on how the layer is called:
#
# - with `training=True`, as by `fit`, they are those of the current batch. The layer also moves a **stored** mean and
#   variance (the square of the spread) a little towards them;
# - with `training=False`, as by `predict`, they are the stored ones.
#
# This encoder's stored numbers come from a million photos. No gradient touches them, so the count of section 7 does
# not show them. When do they change? Try it with one small layer, whose stored mean is 0. It is called once, on numbers
# whose mean is 100. Four lines will be printed. Guess first: in which of them is the stored mean no longer 0?


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
# It changes in one case only: the layer is trainable, and it is called with `training=True`. One call moves it by a
# hundredth of the way, from 0 to 1. So in Keras a frozen encoder is safe. (In PyTorch it is not. There
# `requires_grad_(False)` stops the gradients, but a batch norm in training mode still moves its stored numbers. Call
# `encoder.eval()` after each `model.train()`.)
#
# But when you fine-tune, `fit` calls a trainable encoder with `training=True` at each step. After a few hundred steps, the
# stored numbers would come from your own small batches of hands, and no longer from a million photos. With batches of 8,
# such numbers are noisy. So the course keeps them still. (It has not measured the other way.)
#
# **You need not do anything for this in the course**: the library's encoder keeps them still. The rest of this section
# shows how. You may run it without reading, and come back when you build a network of your own.
#
# The first idea would be to build the network with `encoder(photo, training=False)`. In Keras 3 this is not enough. When you
# call `fit`, it calls everything in the network with `training=True`, and so also the encoder, which is a model inside the
# model ([the report](https://github.com/keras-team/keras/issues/20285)). So the course's encoder ignores this argument.
# Three lines of code do that:


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
#   correction to its input. A convolution or a max pooling with steps of two halves the side.
# - Each stage has half the side and more channels than the one before. A number of stage 4 can see up to 291 pixels of
#   the photo, and mostly those in the middle.
# - ImageNet's ResNet50 expects blue, green, red, from 0 to 255, minus a mean. Put the preprocessing into the model,
#   and check that different photos give different features.
# - Without its fifth stage it has 8.6 million parameters in place of 23.6 million.
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
