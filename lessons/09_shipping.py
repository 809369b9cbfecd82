# %% [markdown]
# # 09 Shipping
#
# *Your network is trained, and its scores are good. Now it is to run where nobody has Keras: in somebody else's
# program, on a web page, on a phone. What must go along with the weights, and what is lost on the way?*

# %% [markdown]
# This is the whole network of the course. In this lesson you take the network to another place. Click on a block to
# open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network()

# %% [markdown]
# **You will be able to**
# - say what takes the time when somebody uses your network, and which part of it an export saves;
# - write the card that belongs to a file of weights, and say on the card whom the network serves badly;
# - turn numbers into eight bits and back, with a scale and a zero point;
# - measure what fewer bits do to a network, and decide from a table;
# - export a network, and run it without Keras.
#
# **Time:** 90 minutes to work through; the computer needs one of them on two CPU cores.
#
# **You need:** kernels and channels from [03 The encoder](03_the_encoder.ipynb), IoU from [05 Losses and
# metrics](05_losses_and_metrics.ipynb), and the predictor and "worst first" from [07 Exploring
# predictions](07_exploring_predictions.ipynb).

# %% [markdown]
# ## 1. What a user waits for
#
# Think of somebody who wants to outline one hand with your network. This person starts a program, and waits for a
# mask. What takes the time? The next cells start such a program, in a process of its own that shares nothing with this
# notebook. The program notes the time after each step.

# %%
PROGRAM = """
import json, time
times = [time.perf_counter()]
tick = lambda: times.append(time.perf_counter())
import handseg_lib as hs
image, _ = hs.drawn.render(person=4, gesture="5", take=0)
tick(); import keras
tick(); predictor = hs.load_predictor()
tick(); predictor.mask(image)
tick(); predictor.mask(image)
tick(); print(json.dumps(times))
"""

# %%
import json
import subprocess
import sys

import numpy as np
import pandas as pd

steps = ["numpy and OpenCV", "Keras and TensorFlow", "the network", "the first mask", "the second mask"]
ran = subprocess.run([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True, check=True)
seconds = pd.Series(np.diff(json.loads(ran.stdout.splitlines()[-1])), steps)
assert seconds["Keras and TensorFlow"] > seconds["the second mask"]

# %%
alt = f"A bar for each step of a program. Of {seconds.sum():.1f} seconds, the second mask takes {seconds.iloc[-1]:.2f}."
fig, ax = hs.plots.figure(alt, width=7, height=2.6)
ax.barh(range(len(seconds)), seconds, color=hs.plots.BLUE)
ax.set_yticks(range(len(seconds)), [f"{step}: {value:.2f} s" for step, value in seconds.items()])
ax.set(xlabel="seconds on your machine", ylim=(len(seconds) - 0.5, -0.5))
fig

# %% [markdown]
# The last bar is the network's work for one photo. All bars above the last one are preparation, and the longest of them
# is the loading of Keras and TensorFlow. You need these two to train: they compute gradients, and they can build any
# network. Somebody who only wants masks needs neither Keras nor TensorFlow.
#
# To **[export](../docs/glossary.md#export)** a network means to write its layers and weights in a form that another
# program can run. Such a program is called a **[runtime](../docs/glossary.md#runtime)**. A runtime is small, it starts
# quickly, and it is made for one kind of processor. The course exports to three forms:
#
# | ending | runtime | made for |
# |---|---|---|
# | `.onnx` | ONNX Runtime | servers, and browsers |
# | `.xml`, with `.bin` | OpenVINO | processors of PCs and laptops |
# | `.tflite` | LiteRT | phones |
#
# (From PyTorch, `torch.onnx.export` also writes `.onnx`. NVIDIA's TensorRT and Apple's Core ML are two more.)
#
# The weights stay the same, so the answers stay the same, too, but for the last digits. Your user has to install less,
# and waits for a shorter time. A runtime has a second advantage: it can compute with **fewer bits**. Sections 4 to 11
# are about what you lose by fewer bits.

# %% [markdown]
# ## 2. What a file must hold beside the weights
#
# Suppose that you send somebody the weights and nothing else. A program there reads a photo, and hands the photo to the
# network. There are many wrong ways to do this. Here are three common wrong ways, beside the right one. In all four
# pictures, the weights are the same.

# %%
profile = hs.profile.current()
split = hs.split_by_person(profile.samples())
predictor = hs.load_predictor()
image, true = split.test[0].read()
small = hs.augment.resize_image(image, predictor.size).astype("float32")
handed = {
    "right (RGB, 0-255)": small,
    "blue, green, red": small[..., ::-1],
    "from 0 to 1": small / 255,
    "preprocessed twice": small[..., ::-1] - [103.9, 116.8, 123.7],
}

# %%
import cv2

pictures, ious = [], {}
for name, photo in handed.items():
    hand = predictor.model.predict_on_batch(photo[None].astype("float32"))[0, ..., 0]
    mask = (cv2.resize(hand, image.shape[1::-1]) >= predictor.threshold).astype(np.uint8)
    ious[name] = hs.metrics.iou(true, mask)
    pictures.append(hs.plots.overlay(image, mask))
assert max(ious, key=ious.get) == "right (RGB, 0-255)"

# %%
hs.plots.images(
    pictures,
    [f"{name}, IoU {iou:.2f}" for name, iou in ious.items()],
    alt="The same hand four times. The network got the photo as it must be, and finds the hand; it got it in another "
    "order of colours, on another scale, or preprocessed twice, and finds little or nothing.",
)

# %% [markdown]
# None of the three mistakes raised an error. To the network, a photo is an array of numbers, and the network computes
# with any numbers. Its users would see that the network finds no hand, and blame the weights. So whoever gets the
# weights must also get a **[card](../docs/glossary.md#card)**. This is a short text that goes along with the file. It
# says:
#
# - **how to ask:** the size of the photo and how to make the photo smaller, the order of the colours, their range, and
#   what the network does itself;
# - **how to read the answer:** what the number means, and the threshold from which a pixel is hand;
# - **where the network comes from:** photos and persons of the training, the command, versions, date;
# - **how well it works:** the scores, on whose photos they were measured, and on whose photos the threshold was chosen;
# - **what it is not for;**
# - **what others may do with it:** the terms of the photos, of the weights with which the training began, and of your
#   own weights;
# - **a checksum** of the file, so that nobody gets another file with this card.
#
# This is part of the card that the course's network brings along:

# %%
card = predictor.card
print("size", card["size"], "threshold", card["threshold"], "SHA-256", card["sha256"][:12], "...")
print("data:", card["data"])
for part, persons in card["split"].items():
    print(f"{part} persons:", *persons)
print("trained by:", card["training"]["command"])
print(f"IoU {card['test']['iou']:.3f}, worst person {card['test']['worst_person_iou']:.3f}")

# %% [markdown]
# (The card has two sizes. The network has learned from photos of {{card.training.size}} pixels, and is to look at
# photos of {{card.size}} pixels. Lesson 08, section 17, says why. Nobody could guess this from the weights.)
#
# The terms of HGR1 are unknown: its authors publish the photos without a licence. This has three consequences. The card
# says that the terms are unknown. The course gives away no photo. And nobody should sell this network. If you do not
# know the terms of your photos, write this on your card.
#
# `hs.export` writes such a card beside the file, with the checksum of both. If somebody has changed the file or the
# card, or if the card belongs to another file, `hs.load_predictor` refuses to load the network.

# %% [markdown]
# ## 3. Whom it serves worse
#
# A network is **unfair** to people if it serves them worse than others, although they do nothing wrong. One number on a
# card cannot show this. Each of HGR1's twelve persons was left out once ([08 Unseen people](08_unseen_people.ipynb)).
# The mean F1 was {{lopo.mean_f1:.3f}}. The best person had an F1 of {{max(row.f1 for row in lopo.rows):.3f}}, and the
# worst one, person 06, had {{lopo.worst_person_f1:.3f}}.
#
# Is the network unfair to person 06? Lesson 08 looked at this person's photos. Here is what came out:
#
# | person 06 | F1 |
# |---|---|
# | as the network is | {{lopo.worst_person_f1:.3f}} |
# | if the network made none of its larger errors | {{audit.worst_person_f1_of_no_other_error:.3f}} |
# | a perfect score | 1 |
#
# The first step, from {{lopo.worst_person_f1:.3f}} to {{audit.worst_person_f1_of_no_other_error:.3f}}, is the network's
# fault. By the definition above, this step is unfair. The second step is more than three times as large. It comes from
# masks that were judged wrong, and from errors along the outline, where nobody knows whether the mask or the network is
# right. All of this belongs on the card: both scores, and the reason as far as you know it.
# <!-- holds: 0.75 < (1 - audit.worst_person_f1_of_no_other_error) / (1 - lopo.worst_person_f1) < 0.85 -->
# <!-- holds: lopo.worst_person == audit.worst_person_of_no_other_error == "06" -->
#
# How well does the network work for the persons of your test?

# %%
before = hs.evaluate(predictor, split.test)
before.by("person")[["iou", "f1"]].round(3)

# %% [markdown]
# Everyone who decides whether to use your network should find four things on the card:
#
# 1. **Who was in the photos.** For the course's network: twelve persons, seven of them in the training, indoors, in
#    front of some six walls. For people who are unlike these persons, the network may work worse.
# 2. **The score of each group of people, and how many persons are in the group.** Give the score of the worst group as
#    well as the mean. With twelve persons a group is often one person, and lesson 08 showed how little one person
#    proves.
# 3. **What nobody has measured.** Children, old people, hands with fewer fingers, gloves, tattoos, painted skin, dark
#    skin in dim light: HGR1 has few of these, or none. If a card says nothing about gloves, readers may think that
#    there is no problem. So write "not measured".
# 4. **For which decisions nobody may use it.** The course's network is made for lessons. Its
#    [card](../docs/model_card.md) says: not for identifying people, and not for anything that matters to somebody's
#    health, safety or rights.

# %% [markdown]
# **Try it:** write four lines for the card of this network. (Click twice on this cell to write in it.) Then ask
# somebody to read your lines. Would this person use the network for hands in gloves?
#
# - Who was in the photos:
# - The score of each test person:
# - Two things that were not measured:
# - For which decisions nobody may use the network:

# %% [markdown]
# The idea of such cards is from a [paper of 2019](https://doi.org/10.1145/3287560.3287596). Others had said before that
# one must score each group by itself: for the recognition of faces in
# [2012](https://doi.org/10.1109/TIFS.2012.2214212), and for programs that tell men from women in
# [2015](https://doi.org/10.6028/NIST.IR.8052). A [study of 2018](https://proceedings.mlr.press/v81/buolamwini18a.html)
# divided people by skin and by sex, which gave four groups. It tested three companies' programs on about as many people
# of each group. The mean scores were good. But the programs failed far more often for women with dark skin than for men
# with light skin. The study could show this only because it looked at skin and sex together.

# %% [markdown]
# ## 4. Numbers in eight bits
#
# How many numbers go into the file? Each weight is a float of 32 bits, which are four bytes.

# %%
# NBVAL_CHECK_OUTPUT
count = predictor.model.count_params()
print(f"{count:,} weights: {4 * count / 1e6:.0f} MB in 32 bits, {count / 1e6:.0f} MB in 8 bits")

# %% [markdown]
# With eight bits you can write $2^8 = 256$ different numbers. If a weight has eight bits, the file is a quarter as
# large. If the features have eight bits as well, some processors can also multiply four times as many numbers at once.
# To write a number in fewer bits is called **[quantisation](../docs/glossary.md#quantisation)**. It works like a ruler.
# Lay a ruler with 256 marks along the number line. In place of each number, keep only the nearest mark. The figure
# shows a ruler with eight marks, because three bits give $2^3 = 8$ different numbers.

# %%
x = np.linspace(-1.3, 2.6, 500)
low, high = -1, 2.0
scale = (high - low) / 7
marks = low + scale * np.arange(8)
fig, ax = hs.plots.figure(
    "A staircase with eight steps along a diagonal, from -1 to 2. To the left and to the right of them it is flat.",
    width=5,
)
nearest = low + scale * np.clip(np.round((x - low) / scale), 0, 7)
hs.plots.lines(ax, x, {"in three bits": nearest, "the number itself": x}, "a number", "what comes back")
ax.plot(np.zeros(8) - 1.3, marks, "_", color="black")
fig

# %% [markdown]
# Two things go wrong, and you can see both in the figure. Between two marks, a number is **rounded**: it moves by half
# a step at most. Beyond the ends of the ruler, a number is **clipped** to the last mark, and can move by any amount.
#
# A ruler is described by two numbers. The **[scale](../docs/glossary.md#scale)** $s$ is the distance between two marks.
# The **[zero point](../docs/glossary.md#zero-point)** $z$ is the mark at which the number 0 lies. Suppose that the
# ruler is to reach from $x_{\min}$ to $x_{\max}$. Then, with eight bits,
#
# $$s = \frac{x_{\max} - x_{\min}}{255} \qquad\qquad z = \text{round}\left(\frac{-x_{\min}}{s}\right)$$
#
# A number $x$ becomes the mark $q$, a whole number from 0 to 255, and the mark becomes the number $\hat{x}$ again:
#
# $$q = \text{clip}\left(\text{round}\left(\frac{x}{s}\right) + z,\; 0,\; 255\right) \qquad\qquad \hat{x} = s\,(q - z)$$
#
# The zero point is rounded so that 0 lies exactly on a mark. A network needs an exact 0: ReLU makes many numbers
# exactly 0, and the padding at the edges of a photo is 0.
#
# Now take six numbers by hand. The ruler reaches from -0.5 to 2.05. Compute its scale and its zero point yourself. Then
# compare them with the output:

# %%
# NBVAL_CHECK_OUTPUT
scale = (2.05 + 0.5) / 255
print(f"scale {scale:.2f}, zero point {round(0.5 / scale)}")

# %% [markdown]
# Follow one number from the left to the right:

# %%
values = np.array([[-0.5, -0.123, 0.0], [0.256, 1.111, 2.6]])
marks = np.array([[0, 38, 50], [76, 161, 255]])
hs.plots.numbers(
    [values, marks, 0.01 * (marks - 50)],
    ["numbers", "marks", "what comes back"],
    alt="Six numbers, their marks, and what comes back of them. Five come back rounded to hundredths; 2.6 as 2.05.",
    shades=[marks] * 3,
)

# %% [markdown]
# Five of the numbers come back rounded to hundredths. The sixth, 2.6, lies beyond the end of the ruler, and comes back
# as 2.05.

# %% [markdown]
# ## 5. Exercise: there and back (warm-up)
#
# Write `there_and_back(values, scale, zero)`. It takes an array of numbers, a scale and a zero point. It returns two
# arrays of the same shape: the marks, as `uint8`, and the numbers that come back, as floats. For numbers beyond the
# ends of the ruler, the marks are 0 or 255.


# %%
def there_and_back(values, scale, zero):
    # <solution>
    marks = np.clip(np.round(values / scale) + zero, 0, 255)
    return marks.astype(np.uint8), scale * (marks - zero)
    # </solution>


# %%
hs.check.there_and_back(there_and_back)

# %% [markdown]
# ## 6. The weights and the features of one layer
#
# (In a hurry? Sections 6 to 9 show how to round well. You can go on with section 10 and its table. But run the cells on
# the way, because section 10 needs them.)
#
# How long must the ruler be? That depends on the numbers. In a network there are two kinds of numbers. The weights are
# known as soon as the training is over. The features are different for each photo. Look at both for one layer, the
# middle convolution of the first block of conv2.

# %%
import keras

encoder = predictor.model.get_layer("encoder")
kernel = encoder.get_layer("conv2_block1_2_conv").get_weights()[0]
layer = keras.Model(encoder.input, encoder.get_layer("conv2_block1_2_relu").output)


def features(sample):
    small = hs.augment.resize_image(sample.read()[0], predictor.size)
    return layer.predict_on_batch(small[None].astype("float32"))[0]


seen = [features(sample) for sample in split.train[:: max(1, len(split.train) // 16)][:16]]

# %%
fig, (left, right) = hs.plots.figure(
    "Two histograms. The weights form a narrow bell around zero. The features, after ReLU, begin at zero and have a "
    "long tail to the right.",
    columns=2,
)
left.hist(kernel.ravel(), 100, color=hs.plots.BLUE, log=True)
left.set(xlabel="weight", ylabel="how many")
left.set_title(f"{kernel.size:,} weights", fontsize=9)
right.hist(np.ravel(seen), 100, color=hs.plots.ORANGE, log=True)
right.set(xlabel="feature", ylabel="how many")
right.set_title(f"features of {len(seen)} photos, after ReLU", fontsize=9)
fig

# %% [markdown]
# **The weights** lie on both sides of zero, about evenly. For them one uses a **symmetric** ruler: as long to the left
# as to the right, with zero at its middle mark. So the marks are counted from the middle, from -127 to 127, and there
# is no zero point to keep. The scale follows from the largest weight alone. With $b$ bits it is
#
# $$s = \frac{\max |w|}{2^{b-1} - 1}$$
#
# With eight bits this is $\max |w| / 127$, and with four bits it is $\max |w| / 7$.
#
# **The features** of this layer are never below zero, because they come out of a ReLU, as most features do. A symmetric
# ruler would waste its left half. So for features the ruler begins at zero. And where does this ruler end? You cannot
# look that up in the file, because features depend on the photo. Look at photos, and note the largest feature. This is
# called **[calibration](../docs/glossary.md#calibration)**. (In lesson 07, a network was called calibrated if its
# probabilities were honest. That is another use of the word.) How many photos are enough?

# %%
tops = np.maximum.accumulate([one.max() for one in seen])
beyond = [(np.ravel(seen) > top).mean() for top in tops]
fig, ax = hs.plots.figure(
    f"The largest feature against the number of photos seen. It rises from {tops[0]:.1f} to {tops[-1]:.1f} in steps.",
    width=5,
)
ax.step(np.arange(len(tops)) + 1, tops, where="post", color=hs.plots.BLUE)
ax.set(xlabel="photos seen", ylabel="largest feature so far", ylim=(0, None))
print(f"after one photo, {beyond[0]:.4%} of the features of all photos lie beyond the ruler")
assert beyond[-1] == 0
fig

# %% [markdown]
# One photo is too few. Here you see sixteen. In practice, a hundred photos are usually enough. (Many exporters do not
# take the largest feature itself. They let the ruler end a little before it, and clip the few features beyond.)
#
# More important is *which* photos you take. Take photos of the training persons, with as many different persons and
# rooms as you have. You choose something by these photos, the scale. So leave the test persons out. And if your users
# will photograph hands in the dark, some of the photos should be dark.

# %% [markdown]
# ## 7. One scale, or one for each channel
#
# A kernel has many channels, and each of them makes one feature map. Must all channels share one ruler? Here is the
# largest weight of each channel of our layer.

# %%
largest = np.sort(np.abs(kernel).max(axis=(0, 1, 2)))[::-1]
step = largest[0] / 7  # with four bits
fig, ax = hs.plots.figure(
    f"A bar for each of {len(largest)} channels: its largest weight, sorted. The first is "
    f"{largest[0] / largest[-1]:.0f} times as high as the last. A line is at one step of a ruler of four bits.",
    width=7,
)
ax.bar(range(len(largest)), largest, color=hs.plots.BLUE, label="largest weight of the channel")
ax.axhline(step, color=hs.plots.VERMILION, linestyle="--", label="one step, if all share a ruler of four bits")
ax.set(xlabel="channels, sorted", ylabel="weight")
ax.legend(fontsize=8)
fig

# %% [markdown]
# If all channels share one ruler, its scale follows from the channel with the largest weight. Now take a channel whose
# largest weight is only two or three steps high. Hardly any different values are left in this channel. If each channel
# has a ruler **of its own**, every channel can use all marks. For this, you keep one more number for each channel,
# which is next to nothing. So exporters use one scale for each channel's weights. The features of a layer share one
# scale, because many scales would make the arithmetic slow.

# %%


def in_steps(kernel, bits, channels=None):
    """The kernel on a symmetric ruler; with the axis of the channels, each has a ruler of its own."""
    others = None if channels is None else tuple({0, 1, 2, 3} - {channels})
    scale = np.abs(kernel).max(axis=others, keepdims=True) / (2 ** (bits - 1) - 1)
    return scale * np.round(kernel / np.maximum(scale, 1e-12))


rows = {}
for bits in (8, 6, 4):
    rounded = {"one scale": in_steps(kernel, bits), "one for each channel": in_steps(kernel, bits, channels=3)}
    rows[f"{bits} bits"] = {name: np.std(kernel - new) / np.std(kernel) for name, new in rounded.items()}
errors = pd.DataFrame(rows).T
assert (errors["one for each channel"] < errors["one scale"]).all()
errors.map("{:.1%}".format)

# %% [markdown]
# The table shows how large the rounding error is, compared with the spread of the weights (their standard deviation).
# With one bit less, the marks are twice as far apart, and the error doubles. A scale for each channel makes the error
# smaller, and needs no further bit.
#
# <details>
# <summary>What exporters do before they round</summary>
#
# Before they round, exporters do one more thing. After most convolutions comes a batch norm, which multiplies each
# channel by a number and adds another one ([03 The encoder](03_the_encoder.ipynb)). Two multiplications in a row are
# one multiplication, so exporters put the batch norm's factor into the kernel. With the batch norm's scale $\gamma$ and
# its variance $\sigma^2$, the weights become
#
# $$w' = w \cdot \frac{\gamma}{\sqrt{\sigma^2 + \varepsilon}}$$
#
# The number that the batch norm adds goes into the bias of the convolution. Then the batch norm is no longer needed.
# The factor is different for each channel, so exporters choose the rulers only after this step. (Sections 6 to 8 leave
# this step out, to keep the experiment small.)
#
# </details>

# %% [markdown]
# ## 8. The same hand in 32, 8 and 4 bits
#
# If you know that the weights have an error of a few per cent, you know little about the masks. So put the rounded
# weights into a network, and look at its masks. For this you need no exporter. Load the network a second time, and
# overwrite its kernels. Biases and batch norms stay as they are, because they are few. Features also stay in 32 bits.
#
# At the end you are going to choose one of these networks. So take the photos of the validation persons, as for every
# choice (lesson 07), and keep the test persons for the report.

# %%
trial = hs.load_predictor()
weights = hs.predictor.named_weights(trial.model)
kernels = {name: weight.numpy() for name, weight in weights.items() if name.endswith("/kernel")}
photos = [sample.read() for sample in split.val]


def masks_with(rule):
    """The masks of all these photos, by a network whose kernels a rule has changed."""
    for name, kernel in kernels.items():
        channels = 2 if "transpose" in name else 3  # an up-convolution has its channels on the other axis
        weights[name].assign(rule(kernel, channels))
    return [trial.mask(image) for image, _ in photos]


# %%
masks = {
    "32 bits": masks_with(lambda kernel, channels: kernel),
    "8 bits, by channel": masks_with(lambda kernel, channels: in_steps(kernel, 8, channels)),
    "4 bits, by channel": masks_with(lambda kernel, channels: in_steps(kernel, 4, channels)),
    "4 bits, one scale": masks_with(lambda kernel, channels: in_steps(kernel, 4)),
}
scores = pd.DataFrame(
    {name: [hs.metrics.iou(true, mask) for mask, (_, true) in zip(made, photos)] for name, made in masks.items()}
)
assert (scores["32 bits"] - scores["8 bits, by channel"]).abs().mean() < 0.02

# %%
first = [next(i for i, sample in enumerate(split.val) if sample.person == person) for person in ("04", "11")]
hs.plots.images(
    [hs.plots.overlay(photos[i][0], made[i]) for i in first for made in masks.values()],
    [f"{name}\nIoU {scores[name][i]:.2f}" for i in first for name in masks],
    alt="Two hands, a row for each, with the masks of the network in 32 bits, in 8 bits, and twice in 4 bits. In 8 "
    "bits the masks look the same as in 32. In 4 bits by channel they change little, with one scale parts are lost.",
)

# %% [markdown]
# Compare the first two columns. In eight bits you will hardly find a pixel that has changed. Why do the masks stay the
# same? Each feature is a sum of hundreds of products. Some weights were rounded up and others were rounded down, and in
# the sum most of these errors cancel out.
#
# In four bits there are only 15 different weights in a channel. If all channels share one ruler, you see the damage at
# once. If each channel has a ruler of its own, these two hands still have good masks. But two hands prove little. In
# section 10 you score all hands.

# %% [markdown]
# ## 9. Exercise: choose the scales (stretch)
#
# (This is the hardest exercise of the lesson. You can go on with section 10 now, and come back later.)
#
# So far, the scale of a channel followed from its largest weight. Suppose that a single weight is far larger than all
# others. Then all other weights are rounded coarsely, because of this one weight. It may be better to **clip** the
# large weight, and to have finer steps for the rest.
#
# Write `choose_scales(kernel, bits, shares)`. It takes a kernel, whose channels are the **last** axis; a number of
# bits; and some shares, such as `(1, 0.9, 0.8, 0.7, 0.6, 0.5)`. For each channel, try one ruler for each share. With
# the share 0.9, the ruler reaches to 0.9 of the channel's largest weight. Call the last mark of the ruler $t$:
#
# $$t = 2^{b-1} - 1$$
#
# $$s = \frac{\text{share} \cdot \max |w|}{t}$$
#
# $$\hat{w} = s \cdot \text{clip}\left(\text{round}\left(\frac{w}{s}\right),\; -t,\; t\right)$$
#
# Keep the scale for which the sum of the channel's $(w - \hat{w})^2$ is smallest. Return the scales as an array, one
# for each channel. A channel in which all weights are 0 gets the scale 1.


# %%
def choose_scales(kernel, bits, shares):
    # <solution>
    last, scales = 2 ** (bits - 1) - 1, []
    for channel in np.moveaxis(kernel, -1, 0):
        tried = [share * np.abs(channel).max() / last or 1 for share in shares]
        back = [scale * np.clip(np.round(channel / scale), -last, last) for scale in tried]
        scales.append(tried[np.argmin([((channel - one) ** 2).sum() for one in back])])
    return np.array(scales)
    # </solution>


# %%
hs.check.choose_scales(choose_scales)

# %% [markdown]
# Are the masks of four bits better with your scales? As soon as you have solved the exercise, the next cell puts your
# scales into the network.


# %%
def by_your_scales(kernel, channels, bits=4):
    turned = np.moveaxis(kernel, channels, -1)
    scales = choose_scales(turned, bits, (1, 0.9, 0.8, 0.7, 0.6, 0.5))
    last = 2 ** (bits - 1) - 1
    return np.moveaxis(scales * np.clip(np.round(turned / scales), -last, last), -1, channels)


if choose_scales(np.ones((1, 1, 2, 2)), 4, (1,)) is None:
    print("Your scales are not chosen yet.")
else:
    masks["4 bits, your scales"] = masks_with(by_your_scales)
    scores["4 bits, your scales"] = [
        hs.metrics.iou(true, m) for m, (_, true) in zip(masks["4 bits, your scales"], photos)
    ]

# %% [markdown]
# ## 10. Compare, and decide
#
# Which of these networks would you ship? First **write down what you are ready to lose**, and then look at the scores.
# Otherwise you will find a reason for the network that you like. For example: the mean IoU may fall by 0.005 at most,
# and no photo may lose more than 0.05. The second limit is as important as the first, because a mean can hide a hand
# that has disappeared. (In the table, `lost` is the mean loss of IoU, and `lost most` is the loss of the photo that
# lost most.)

# %%
lost = scores.rsub(scores["32 bits"], axis=0)
megabytes = {name: int(name.split()[0]) * sum(k.size for k in kernels.values()) / 8e6 for name in scores}
table = pd.DataFrame({"MB": megabytes, "mean IoU": scores.mean(), "lost": lost.mean(), "lost most": lost.max()})
table["good enough"] = np.where((table["lost"] <= 0.005) & (table["lost most"] <= 0.05), "yes", "no")
table.sort_values("MB", ascending=False, kind="stable").round({"MB": 0, "mean IoU": 3, "lost": 3, "lost most": 3})

# %% [markdown]
# The rule is easy now: of the networks that are good enough, take the smallest, or the fastest. You see that plain
# rounding is not enough for four bits. With [better methods](https://arxiv.org/abs/2004.10568) and some hundred photos,
# one finds for each weight whether to round it up or down, and comes close to the scores of 32 bits. Or one trains for
# a few more epochs with rounded weights (*quantisation-aware training*). If your scales are in the table, look at their
# row, too. With your scales, the errors of the weights are smaller. Are the masks better, too?
#
# Features were not rounded here. So the network that you have chosen is not yet the file that you ship. Before you ship
# the file, score it on the test persons (section 12).

# %% [markdown]
# ## 11. Exercise: who lost most? (core)
#
# The column "lost most" says how much one photo has lost. Which photo was it? Write `lost_most(truths, before, after)`.
# It takes three lists, each with one mask for each photo: the true masks, the masks before a change, and the masks
# after the change. It returns the **position** of the photo whose IoU fell the most.


# %%
def lost_most(truths, before, after):
    # <solution>
    lost = [hs.metrics.iou(t, b) - hs.metrics.iou(t, a) for t, b, a in zip(truths, before, after)]
    return int(np.argmax(lost))
    # </solution>


# %%
hs.check.lost_most(lost_most)

# %% [markdown]
# Here is the photo that your function finds, in 32 bits and in four. (As long as the exercise is not solved, you see
# the first photo, which has lost less.) What is lost? A finger, an edge, or everything? Was this photo difficult
# before?

# %%
coarse = "4 bits, by channel"
position = lost_most([true for _, true in photos], masks["32 bits"], masks[coarse]) or 0
image, true = photos[position]
hs.plots.images(
    [hs.plots.errors(image, true, masks[name][position]) for name in ("32 bits", coarse)],
    [f"{name}: IoU {scores[name][position]:.2f}" for name in ("32 bits", coarse)],
    alt="One photo with the errors of the network in 32 bits and in 4: missed hand is blue, false hand is orange.",
)

# %% [markdown]
# Always look at the photo that lost most, and ask whose hand it shows. After a change, the mean may be nearly the same,
# and still one person may lose much. If so, write this on the card.

# %% [markdown]
# ## 12. Export it
#
# Now use an exporter. It needs some packages that the rest of the course does not need:
# `pip install "handseg[export]"`. If these packages are missing, the next cell prints "Nothing was exported." Then read
# on: the table below has the numbers. The ending `.xml` stands for OpenVINO.
#
# The cell exports in 32 bits, so the masks should stay as they are. With `calibrate=` and a hundred photos of the
# training, the exporter rounds weights *and* features to eight bits, and the change is no longer zero. For a moment,
# this needs more than 3 GB of memory, which a small machine may not have.
#
# The last of the three cells measures how long a photo takes. Other programs can only make a measurement longer, never
# shorter. So the cell measures twenty times, and keeps the shortest time. This is right if you compare two programs. If
# you promise a time to users, give the median of the twenty times, and the longest one.

# %%
import tempfile
from pathlib import Path

store = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # gone when the notebook ends
path = Path(store.name) / "hand.xml"
try:
    hs.export(predictor, path)
    shipped = hs.load_predictor(path)
except hs.InputError as error:
    shipped = None
    print("Nothing was exported.", str(error).replace(str(path), path.name))

# %%
import time


def milliseconds(predictor, image, times=20):
    """The shortest of so many times that a photo took."""
    ticks = [time.perf_counter()]
    for _ in range(times):
        predictor(image)
        ticks.append(time.perf_counter())
    return 1000 * min(np.diff(ticks))


# %%
if shipped:
    after = hs.evaluate(shipped, split.test)
    gain, low, high = after.gain_over(before)
    megabytes = path.with_suffix(".bin").stat().st_size / 1e6  # where the weights are
    times = [milliseconds(each, image) for each in (shipped, predictor)]
    print(f"{megabytes:.0f} MB; a photo takes {times[0]:.0f} ms, and in Keras {times[1]:.0f} ms")
    print(f"mean IoU {after.table.iou.mean():.3f}, change {gain:+.4f}, interval {low:+.4f} to {high:+.4f}")
    print("the card beside it tells:", ", ".join(shipped.card))
    if times[0] > times[1]:
        print("Is the export the slower one? Does another program run? Then run this cell again later.")

# %% [markdown]
# `hs.load_predictor(path)` runs all three forms. You call the predictor that it returns as before. In a new process,
# this imports neither Keras nor TensorFlow. From the command line:
#
# ```
# python -m handseg_lib export --form openvino --int8 --out hand.xml
# python -m handseg_lib predict photo.jpg --model hand.xml --out predictions
# ```
#
# <details>
# <summary>How somebody runs the file who does not have this library</summary>
#
# This program needs OpenCV and ONNX Runtime (`pip install opencv-python onnxruntime`), the exported file `hand.onnx`,
# and the card beside it. Without the card you would not know the order of the colours, the size and the threshold.
#
# ```
# import json
# import cv2
# import onnxruntime
#
# card = json.load(open("hand.onnx.json"))
# photo = cv2.cvtColor(cv2.imread("photo.jpg"), cv2.COLOR_BGR2RGB)
# small = cv2.resize(photo, (card["size"], card["size"]), interpolation=cv2.INTER_AREA)
# session = onnxruntime.InferenceSession("hand.onnx")
# inputs = {session.get_inputs()[0].name: small[None].astype("float32")}
# hand = session.run(None, inputs)[0][0, ..., 0]
# mask = cv2.resize(hand, photo.shape[1::-1]) >= card["threshold"]
# ```
#
# </details>
#
# The networks in this table were measured on {{latency.machine.cores}} CPU cores, one photo of {{latency.photo}} at a
# time (`python -m benchmarks.latency`). Other programs ran at the same time. So compare the rows, and do not trust the
# single milliseconds. "Ours" is the course's network. The networks of the article (lesson 04) and of a library for
# PyTorch are there only to compare the time. Their weights are random, so they have no F1. A dash stands where nothing
# was measured.
# <!-- holds: latency.load_before > 1 -->
#
# {{table(latency.rows, ("network", "network"), ("ms a photo", "ms_alone"), ("MB", "megabytes"), ("F1 on HGR1's test persons", "f1"))}}
#
# First write down your limits, as in section 10. Which row would you take for a phone? Which row for a server? And
# which row for somebody to whom good masks matter more than time? (This table has the F1 of the test persons, and you
# should not choose by test persons. Here the F1 of all our rows are nearly the same, so you choose by time and size.)
#
# Suppose that F1 may fall by 0.003. The fastest of our rows within this limit takes {{latency.best_ms:.0f}} ms, and its
# F1 falls by less than 0.001. In Keras with 32 bits a photo takes {{latency.float32_ms:.0f}} ms.
# <!-- holds: latency.best_ms < latency.float32_ms < latency.article_ms and latency.f1_lost < 0.001 -->
#
# (There is a step between 32 and 8 bits: *float16* halves the file, and needs no calibration. Many GPUs and phones
# compute in float16. It was not measured here.)
#
# We measured the time on our machine, and your users have other machines. So measure on their machines, too.

# %% [markdown]
# ## 13. Let it look at you
#
# Now show your own hand to the network. The next cell draws the mask over the picture of your camera, several times a
# second. If you have an export, the cell uses it. Otherwise it uses Keras. Press "start". The camera's pictures go to
# the machine that runs this notebook, and are kept nowhere. Move the threshold, or blur the background. Then try to
# make the network fail: hold your hand in front of your face, of wood, of a lamp. Try a glove, or somebody else's hand.
# Write on the card what you find.

# %%
hs.explore.live(shipped or predictor)

# %% [markdown]
# The course also has a [page](../docs/page.md) that needs no Python at all. The network runs in the browser, on the
# machine of whoever opens the page, and no photo leaves that machine. The page takes a photo from a file or from the
# camera, and works on a phone. `make web` builds the page from the folder `web/`, and shows it on your machine. (This
# needs the packages of section 12, and Node.js.) You can put the built page on any web server. For a phone's camera,
# the server must have https. The page brings its network as `.onnx`, in eight bits, with a card beside the file.

# %% [markdown]
# ## 14. What you learned
#
# - A user waits longest for Keras and TensorFlow to load. An export runs without these two.
# - Weights without a card are of no use: a wrong order of colours or a wrong range raises no error.
# - A card says on whose photos the network was measured, and whom it serves worst. It also says what nobody has
#   measured, and what others may do with the network.
# - Quantisation: $q = \text{round}(x / s) + z$, clipped; and back, $\hat{x} = s (q - z)$.
# - For weights one takes a symmetric ruler, and a scale for each channel. For features, you find the scale with photos
#   of the training.
# - Weights in eight bits cost this network next to nothing, and plain rounding to four bits costs too much.
# - Write the limits down first. Compare the mean and the photo that lost most. Then take the smallest or the fastest
#   network that is good enough.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("09")

# %% [markdown]
# ## 16. Next
#
# Your network now runs on somebody else's machine. What if one machine is not enough, because there are two hundred
# people to leave out, or a million photos? [10 Scaling out](10_scaling_out.ipynb) is about this.
#
# If one machine is enough, now segment something of your own. The [capstone](capstone.ipynb) leads you through the
# work, with drawn leaves or with photos of your own, and a program checks what you have done. The page [Photos of your
# own](../docs/own_photos.md) says how to prepare your photos. Train as in [06 Training](06_training.ipynb), test as in
# [08 Unseen people](08_unseen_people.ipynb), and when you ship, write the card first. The course's own [model
# card](../docs/model_card.md) and [results](../docs/results.md) are examples.
