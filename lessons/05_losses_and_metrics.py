# %% [markdown]
# # 05 Losses and metrics
#
# *A score is a question that you put to your model. Put the wrong one, and you get a splendid answer to it.*
#
# **You will be able to**
# - compute IoU and Dice by hand, and tell which of them a paper reports;
# - recognise a score that a lazy answer can win;
# - write a Dice loss in which every photo counts, also an empty one;
# - test somebody else's loss or metric before you trust it.
#
# **Time:** 60 minutes to work through; the computer needs {{ceil(memory["05"].wall_seconds / 60)}} of them on two CPU cores.
#
# **You need:** [01 Photos and masks](01_photos_and_masks.ipynb), and what a loss is for ([gradient descent in
# pictures](https://developers.google.com/machine-learning/crash-course/linear-regression/gradient-descent)).

# %% [markdown]
# This is the whole network of the course. This lesson is about its answer: how good is it, in one number, and which
# number should the network learn by? Click on a block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network("hand")

# %% [markdown]
# ## 1. Four counts
#
# A prediction says hand or background, for each pixel, and the mask says what is right. That makes four kinds of
# pixels. Here is a true mask and a prediction that has slipped to the side:

# %%
import numpy as np

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]


def slip(mask, px):
    moved = np.zeros_like(mask)
    moved[:, px:] = mask[:, : mask.shape[1] - px]
    return moved


# %%
image, true = four[0].read()
pred = slip(true, true.shape[1] // 20)
hs.plots.images(
    [true, pred, hs.plots.errors(image, true, pred)],
    ["true", "predicted", hs.plots.ERRORS],
    alt="A true mask; the same mask, slipped to the right; and the photo with the missed pixels in blue on the left "
    "edges of the hand and the false ones in orange on the right edges.",
)

# %%
import pandas as pd

tp = int(np.sum((true == 1) & (pred == 1)))  # true positive: hand, and found
fp = int(np.sum((true == 0) & (pred == 1)))  # false positive: background, taken for hand
fn = int(np.sum((true == 1) & (pred == 0)))  # false negative: hand, and missed
tn = int(np.sum((true == 0) & (pred == 0)))  # true negative: background, and left alone
assert (tp, fp, fn, tn) == hs.metrics.confusion(true, pred)
pd.DataFrame({"called hand": [tp, fp], "called background": [fn, tn]}, index=["is hand", "is background"])

# %% [markdown]
# Every score of this lesson comes from these four numbers, and they differ in which of them they leave out.

# %% [markdown]
# ## 2. IoU and Dice, by hand
#
# **[IoU](../docs/glossary.md#iou)**, intersection over union: of all pixels that at least one of the two masks calls
# hand, how many do both? **Dice**, which is the same as **F1**: of the two areas together, how large a share overlaps,
# counted once in each? Neither looks at `tn`. Nine pixels are enough to try:

# %%
a = np.array([[0, 1, 1], [0, 1, 1], [0, 0, 0]])
b = np.array([[0, 0, 1], [0, 1, 1], [0, 0, 1]])
hs.plots.numbers(
    [a, b, a + b],
    ["true", "predicted", "sum: where it says 2, both agree"],
    alt="Two masks of 3 x 3 pixels with four ones each, and their sum: three pixels are 2, two are 1, four are 0.",
)

# %%
# NBVAL_CHECK_OUTPUT
both, either = np.sum(a + b == 2), np.sum(a + b > 0)
iou = both / either
dice = 2 * both / (a.sum() + b.sum())
print(f"shared {both}, in at least one {either}, areas {a.sum()} and {b.sum()}: IoU {iou}, Dice {dice}")
assert iou == hs.metrics.iou(a, b) and dice == hs.metrics.f1(a, b)
assert np.isclose(dice, 2 * iou / (1 + iou))

# %% [markdown]
# The last line holds always: Dice is 2 IoU / (1 + IoU). (For one photo, that is. A mean Dice over photos does not
# follow from a mean IoU, and in means two networks can even change places.) So of two masks for one photo, the one with
# the better IoU has the better Dice as well, and Dice is the more flattering number.

# %%
fig, ax = hs.plots.figure("Dice against IoU: a curve that bends above the diagonal and meets it at 0 and 1.", width=3.2)
x = np.linspace(0, 1, 101)
hs.plots.lines(ax, x, {"Dice": 2 * x / (1 + x), "IoU itself": x}, xlabel="IoU", ylabel="score")
fig

# %% [markdown]
# A third name goes round: **mIoU**, the mean of the hand's IoU and the background's. Background is large and not hard,
# so mIoU flatters again. On photos like HGR1's, a mIoU of 0.975 is about a hand IoU of 0.96, and a Dice of 0.98. Three
# papers could report these three numbers for one and the same network. Before you compare, ask which it is.

# %% [markdown]
# ## 3. Exercise: count it yourself (warm-up)
#
# Two more masks, and no code: a pencil, or your fingers. What is the IoU, and what is Dice? Put the two numbers, IoU
# first, in the place of the dots. A fraction such as `2 / 9` will do.

# %%
hand = np.array([[0, 1, 1, 0, 0], [0, 1, 1, 0, 0], [0, 1, 1, 0, 0]])
guess = np.array([[0, 0, 0, 0, 0], [0, 0, 1, 1, 0], [0, 1, 1, 0, 0]])
hs.plots.numbers(
    [hand, guess],
    ["true", "predicted"],
    alt="Two masks of 3 rows and 5 columns. True: columns 2 and 3 are 1 in every row. Predicted: columns 3 and 4 are 1 "
    "in the second row, columns 2 and 3 in the third, and nothing in the first.",
)

# %%
iou_and_dice = [
    # <solution>
    3 / 7,
    2 * 3 / (6 + 4),
    # </solution>
]

# %%
hs.check.iou_and_dice(iou_and_dice)

# %% [markdown]
# ## 4. Accuracy lies
#
# The article compiles its network with `metrics=["accuracy", ...]`. [Accuracy](../docs/glossary.md#accuracy) is the
# share of right pixels. It counts `tn`, and that is the trouble. How could you notice? Before you believe a score,
# **give it the laziest answer that you can think of**. Here: no hand, anywhere.

# %%
truth = [s.read()[1] for s in samples]
lazy = [np.zeros_like(mask) for mask in truth]
scores = {
    score.__name__: np.mean([score(t, p) for t, p in zip(truth, lazy)])
    for score in (hs.metrics.accuracy, hs.metrics.f1, hs.metrics.iou)
}
assert scores["accuracy"] > 0.6 and scores["iou"] == scores["f1"] == 0
pd.DataFrame(scores, index=["no hand, anywhere"]).round(2)

# %% [markdown]
# A network that has learned nothing at all gets most of the marks. On HGR1 it is 0.78. An accuracy that climbs from
# 0.78 to 0.90 looks like a model near its goal, and may be one that still loses fingers. IoU and Dice give the lazy
# answer what it deserves.

# %% [markdown]
# ## 5. From a metric to a loss
#
# IoU and Dice score masks. A network gives probabilities, and the cut at 0.5 comes afterwards. Could you train on IoU
# as it is? Let the network grow surer of a hand, from 0 to 1, and watch:


# %%
def soft_dice(true, prob):
    return 2 * np.sum(true * prob) / (np.sum(true) + np.sum(prob))


# %%
sure = np.linspace(0, 1, 201)
fig, ax = hs.plots.figure(
    "1 - IoU stays at 1 until the probability reaches one half and then drops to 0; the soft Dice loss falls smoothly.",
    width=5,
)
curves = {
    "1 - soft Dice": [1 - soft_dice(true, true * p) for p in sure],
    "1 - IoU": [1 - hs.metrics.iou(true, true * p >= 0.5) for p in sure],
}
hs.plots.lines(ax, sure, curves, xlabel="probability that the network gives the hand's pixels", ylabel="loss")
fig

# %% [markdown]
# 1 - IoU is a stair. It is flat nearly everywhere, so it never says which way to go, and its gradient is 0. That is the
# difference: a **[metric](../docs/glossary.md#metric)** tells you how good the mask is, a
# **[loss](../docs/glossary.md#loss)** tells the optimiser in which direction to change the weights.
#
# The trick of the [V-Net paper](https://arxiv.org/abs/1606.04797): leave the probabilities in. The shared area becomes
# the sum of true times probability, the predicted area the sum of the probabilities. (The paper squares them before it
# adds them up; most code since does not, nor does the course's.) Now each bit of confidence counts,
# and for masks of 0 and 1 it is the old Dice:

# %%
assert np.isclose(soft_dice(true, pred), hs.metrics.f1(true, pred))

# %% [markdown]
# ## 6. How losses see an error
#
# Take the mask and spoil it, little by little: let it slip to the side, or make it thinner until nothing is left. What
# does each loss say? One of them is new: cross-entropy, **[BCE](../docs/glossary.md#bce)** for short, looks at each pixel
# alone. It is minus the logarithm of the probability that the network gave to the right answer, averaged over all
# pixels: near 0 for whoever is sure and right, large for whoever is sure and wrong. Here the prediction is a firm 0.98
# in the mask and 0.02 outside.

# %%
import cv2

true = min((s.read()[1] for s in four), key=np.mean)  # the smallest of the four hands
depth = cv2.distanceTransform(true, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # how deep inside the hand a pixel lies
slips, cuts = np.linspace(0, true.shape[1], 33, dtype=int), np.linspace(0, depth.max(), 33)
spoilt = {
    "slipped by ... pixels": (slips, [slip(true, px) for px in slips]),
    "thinner by ... pixels": (cuts, [(depth > px).astype(np.uint8) for px in cuts]),
}

# %%
losses = {
    "1 - Dice": lambda t, p: 1 - hs.metrics.f1(t, p),
    "1 - IoU": lambda t, p: 1 - hs.metrics.iou(t, p),
    "BCE": lambda t, p: -np.log(np.where(t == p, 0.98, 0.02)).mean(),
    "1 - accuracy": lambda t, p: 1 - hs.metrics.accuracy(t, p),
}

# %%
fig, axes = hs.plots.figure(
    "Four losses against the size of an error. Dice and IoU climb to 1 whether the mask slips or is worn away. "
    "1 - accuracy stays low, and for a mask worn away it ends at the hand's share of the photo.",
    columns=2,
    sharey=True,
)
for ax, (what, (px, preds)) in zip(axes, spoilt.items()):
    curves = {name: [loss(true, pred) for pred in preds] for name, loss in losses.items()}
    hs.plots.lines(ax, px, curves, xlabel=what, ylabel="loss")
axes[0].get_legend().remove()  # it would hide a curve; the one on the right hides none
fig

# %% [markdown]
# Three things to see:
#
# - Dice and IoU reach their worst, 1, when nothing is shared any more. They do not care how large the photo is.
# - On the right, accuracy's loss ends at the hand's share of the photo: a small hand could vanish, and it would hardly
#   cost anything. BCE has the same shape, since each pixel of the photo has one vote there, too.
# - Where nothing is shared, the curves of Dice and IoU are level: near or far, missed is missed. With probabilities in
#   place of masks, Dice is not quite so blind: it asks for more hand where the hand is. But it hardly objects to the
#   false pixels. So it is good at the end of the way, and a poor guide at its beginning. Section 10 draws the
#   conclusion.

# %% [markdown]
# ## 7. Nothing to see
#
# What if a photo shows no hand, and the network rightly finds none? Dice is 0 / 0.

# %%
from keras import ops

empty = ops.zeros((1, 8, 8, 1))


def dice_loss_of_one(true, prob, smooth):
    both, total = ops.sum(true * prob), ops.sum(true) + ops.sum(prob)
    return float(1 - (2 * both + smooth) / (total + smooth))


for smooth in (0, 1):
    print(f"smooth {smooth}: the loss is {dice_loss_of_one(empty, empty, smooth)}")

# %% [markdown]
# `nan` is infectious: one such loss, and after the next step every weight that learns is `nan`. A sigmoid seldom gives
# exact zeros. Without them the loss of an empty photo is 1, whatever the network says, and teaches nothing. The usual
# cure is to add a small number, `smooth`, above and below the line. Then empty against empty is 1 / 1, a loss of 0, as
# it should be. It is no full cure: a faint 0.02 in each of 128 x 128 pixels sums up to hundreds of pixels, and still
# costs nearly 1. On empty photos it is the second loss, in section 10, that does most of the teaching.
#
# Small compared to what? To the areas, for `smooth` is a number of pixels. A missed hand of 500 pixels should cost
# about 1:

# %%
missed = ops.reshape(ops.cast(ops.arange(1000) < 500, "float32"), (1, 25, 40, 1))
for smooth in (1, 100, 10_000):
    print(f"smooth {smooth:6}: a missed hand costs {dice_loss_of_one(missed, 0 * missed, smooth):.3f}")

# %% [markdown]
# ## 8. The company that a photo keeps
#
# Training works on batches. This is how the article computes Dice for one, in spirit: flatten everything, sum, divide.


# %%
def batch_dice_loss(true, prob, smooth=1.0):
    true = ops.cast(true, prob.dtype)
    both = ops.sum(true * prob)  # over all photos at once
    return 1 - (2 * both + smooth) / (ops.sum(true) + ops.sum(prob) + smooth)


# %% [markdown]
# It runs, it falls during training, it is 0 for a perfect batch. So what is wrong with it? Take 16 masks and a
# prediction that is perfect, except that the smallest hand is missed completely.

# %%
chosen = samples[:: len(samples) // 16][:16]
masks = hs.Batches(chosen, profile.size, 16)[0][1].astype("float32")
share = masks.mean(axis=(1, 2, 3))
smallest = share.argmin()

pred = masks.copy()
pred[smallest] = 0
whole = float(batch_dice_loss(masks, pred))
print(f"loss of the batch: {whole:.3f}")

# %% [markdown]
# One of 16 photos has failed as badly as a photo can, and the loss hardly stirs. How could you notice? By a rule that a
# loss should keep where photos are scored one by one: **the loss of a batch is the mean of the losses of its photos.**
# Otherwise the price of a mistake depends on the company. Give the photos to the loss one by one:

# %%
alone = [float(batch_dice_loss(masks[i : i + 1], pred[i : i + 1])) for i in range(16)]
print(f"mean over the photos: {np.mean(alone):.3f}, and the batch said {whole:.3f}")
assert not np.isclose(np.mean(alone), whole, rtol=0.3)

# %% [markdown]
# The rule is broken. Why? In one great sum it is pixels that count, not photos. Let each of the 16 hands be missed in
# turn, and see what it costs:

# %%
costs = []
for i in range(16):
    pred = masks.copy()
    pred[i] = 0
    costs.append(float(batch_dice_loss(masks, pred)))

# %%
fig, ax = hs.plots.figure(
    "The cost of missing one hand of 16, against its share of the photo. Over the batch it grows with the hand's size; "
    "as a mean over photos it is the same for all, one sixteenth.",
    width=5,
)
ax.plot(share, costs, "o", color=hs.plots.VERMILION, label="over the whole batch")
ax.axhline(1 / 16, linestyle="--", color=hs.plots.BLUE, label="mean over photos")
ax.set(xlabel="the missed hand's share of its photo", ylabel="loss", xlim=(0, None), ylim=(0, None))
ax.legend(fontsize=8)
fig

# %% [markdown]
# A small hand is cheap to lose, so nothing much pushes the network to find it. And you report the mean over photos, in
# which the small ones count like the others: the loss works for one goal, the metric measures another. (Where many
# pictures are empty, or the score itself is pooled over all pixels, people sum over the batch on purpose. Then loss and
# score agree again.)

# %% [markdown]
# ## 9. Exercise: Dice of each photo (core)
#
# Write a function for two batches of masks, numpy arrays of shape (N, height, width) with values 0 and 1. It returns
# Dice, **one number for each image**, shape (N,). Two empty masks agree: 1. But this is a score, not a loss, and has to
# be exact: a missed hand gets 0, even one of a single pixel, and so does a hand that is predicted where there is none.


# %%
def dice(true, pred):
    # <solution>
    both = (true * pred).sum(axis=(1, 2))
    total = true.sum(axis=(1, 2)) + pred.sum(axis=(1, 2))
    return np.where(total == 0, 1, 2 * both / np.maximum(total, 1))
    # </solution>


# %%
hs.check.dice(dice)

# %% [markdown]
# ## 10. The course's loss: Dice + cross-entropy
#
# Mended, the Dice loss sums over the pixels of each photo, and returns one number a photo. Keras takes the mean by
# itself.

# %%
from keras.losses import binary_crossentropy


def dice_loss(y_true, y_pred, smooth=1.0):
    y_true = ops.cast(y_true, y_pred.dtype)
    both = ops.sum(y_true * y_pred, axis=(1, 2, 3))
    total = ops.sum(y_true, axis=(1, 2, 3)) + ops.sum(y_pred, axis=(1, 2, 3))
    return 1 - (2 * both + smooth) / (total + smooth)


def dice_bce_loss(y_true, y_pred):
    bce = ops.mean(binary_crossentropy(ops.cast(y_true, y_pred.dtype), y_pred), axis=(1, 2))
    return dice_loss(y_true, y_pred) + bce


# %%
prob = ops.convert_to_tensor(np.random.default_rng(0).random(masks.shape), "float32")
ours, library = (ops.convert_to_numpy(loss(masks, prob)) for loss in (dice_bce_loss, hs.losses.dice_bce_loss))
assert ours.shape == (16,) and np.allclose(ours, library)
one_by_one = [float(dice_loss(masks[i : i + 1], prob[i : i + 1])[0]) for i in range(16)]
assert np.allclose(one_by_one, dice_loss(masks, prob))  # the rule of section 8 holds

# %% [markdown]
# Why the sum of two? Each is good at what the other is not. What does a completely missed hand cost?

# %%
sides = 200
rows = {}
for percent in (20, 5, 1):
    hand = np.zeros((1, sides, sides, 1), "float32")
    hand[:, : sides * percent // 100] = 1
    none = ops.full(hand.shape, 0.02)
    rows[f"{percent} % of the photo"] = {
        "Dice": float(hs.losses.dice_loss(hand, none)[0]),
        "BCE": float(hs.losses.bce_loss(hand, none)[0]),
    }
pd.DataFrame(rows).T.round(2)

# %% [markdown]
# To Dice a hand is a hand. With BCE it is a matter of votes, and a small one is outvoted by its background: that is the
# **class balance** that people worry about. But Dice has a weakness of its own. Think of a blurred edge: 100 pixels
# that look alike, and 30 of them are hand. An honest answer is 0.3. Which answer does each loss like best?

# %%
p = np.linspace(0.01, 0.99, 99)
doubtful = {
    "BCE": -(30 * np.log(p) + 70 * np.log(1 - p)) / 5000,  # a photo of 5000 pixels
    "Dice": 1 - 2 * (1000 + 30 * p) / (1030 + 1000 + 100 * p),  # 1000 more pixels of hand are certain, and right
}
doubtful["Dice + BCE"] = doubtful["Dice"] + doubtful["BCE"]
assert np.isclose(p[doubtful["BCE"].argmin()], 0.3) and doubtful["Dice"].argmin() == 0

# %%
fig, ax = hs.plots.figure(
    "Loss against the answer given to the doubtful pixels. BCE is lowest at 0.3, Dice at 0, their sum in between.",
    width=5,
)
hs.plots.lines(ax, p, doubtful, xlabel="answer for the doubtful pixels, of which 0.3 are hand", ylabel="loss")
for loss in doubtful.values():
    ax.plot(p[loss.argmin()], loss.min(), "ko")  # the answer that this loss likes best
ax.set_ylim(0, 0.12)
fig

# %% [markdown]
# BCE is honest: its best answer is the true chance. Dice wants a decision, and says 0; were 60 of the pixels hand, it
# would say 1. A network trained on Dice alone tends to be too sure of itself, and its probabilities mean little; lesson
# 07 needs them to mean something. The sum steers each pixel from the first step on, and still cares for the hand as a
# whole. Its best answer is 0.17: nearer to the truth than 0, and not honest either. Lesson 07 measures by how much.
#
# Do not expect wonders. In a [comparison on medical images](https://arxiv.org/abs/2410.18677), networks trained with
# Dice and with BCE came out about equal. On HGR1 small networks, judged on nine persons they had never seen, came to a
# hand IoU of {{ablation["the recipe"].iou:.3f}} with the sum, {{ablation["cross-entropy alone"].iou:.3f}} with BCE
# alone and {{ablation["Dice alone"].iou:.3f}} with Dice alone ([results](../docs/results.md)). The
# step from Dice alone is clear; that from BCE alone is less than nine persons can tell. No hand of HGR1 is below 8 % of
# its photo, though, and a smaller one would be outvoted more: take the sum as an insurance.
# <!-- holds: ablation["Dice alone"].high < 0 and ablation["cross-entropy alone"].low < 0 < ablation["cross-entropy alone"].high -->

# %% [markdown]
# Now spoil a prediction yourself. A large hand and a small one get the same harm, in pixels. The grey pictures show
# where each loss pulls: the brighter a pixel, the more the loss wants it changed.

# %%
hs.explore.play_loss()

# %% [markdown]
# Where there is no slider, here is a picture of it: both hands slipped by 12 pixels, and a little blurred. BCE pulls
# hardest where the network is sure and wrong. Dice pulls along the soft outline, where the network is in doubt.

# %%
hs.explore.draw_losses(shift=12, blur=2)

# %% [markdown]
# ## 11. Exercise: a test for any loss (stretch)
#
# You have seen a loss that looked right, fell during training, and was wrong. Next time you would like to know before
# you train. Write the rule of section 8 down as a test: `is_fair` takes a loss, the masks and the probabilities of a
# batch, numpy arrays of shape (N, height, width, 1), and returns `True` if the loss of the batch is the mean of the
# losses of its photos, each given to the loss alone, and `False` if it is not.
#
# A loss may return one number for the batch, or N of them, of which Keras takes the mean. `np.mean` makes one number of
# either.


# %%
def is_fair(loss, true, prob):
    # <solution>
    together = np.mean(loss(true, prob))
    alone = [np.mean(loss(true[i : i + 1], prob[i : i + 1])) for i in range(len(true))]
    return bool(np.isclose(together, np.mean(alone)))
    # </solution>


# %%
hs.check.is_fair(is_fair)

# %% [markdown]
# Once the check says "Right!", try it in a new cell: `is_fair(batch_dice_loss, masks, prob)`, then `dice_bce_loss`. At
# last give it a perfect prediction, `is_fair(batch_dice_loss, masks, masks)`. Why does the fault not show? A test is
# worth what the case is worth that you try it on.

# %% [markdown]
# ## 12. Test a metric before you trust it
#
# Keras has losses and metrics for segmentation. Some of them do something else than their names suggest. You find out
# with the same two questions as above: what do you say to a lazy answer, and is a batch the mean of its photos?
#
# **`keras.losses.Dice`** is the article's loss without its `smooth`: one sum over the batch. And for empty against empty
# it says 1, the worst there is. With `axis=(1, 2, 3)` it sums photo by photo, but an empty one still costs 1.

# %%
import keras

pred = masks.copy()
pred[smallest] = 0
theirs = float(keras.losses.Dice()(masks, pred))
nothing = float(keras.losses.Dice(axis=(1, 2, 3))(empty, empty))
assert np.isclose(theirs, whole, atol=1e-4) and nothing == 1
print(f"one of 16 missed: {theirs:.3f}; nothing to find, and nothing found: {nothing}")

# %% [markdown]
# **`keras.metrics.BinaryIoU`** averages the hand's IoU with the background's unless told otherwise. Take a photo in
# which one pixel of a hundred is hand, and the lazy answer:

# %%
# NBVAL_CHECK_OUTPUT
one_percent = np.zeros((1, 10, 10, 1))
one_percent[0, 5, 5] = 1
lazy = 0 * one_percent
for metric in (keras.metrics.BinaryIoU(), keras.metrics.BinaryIoU(target_class_ids=[1])):
    print(f"{metric.target_class_ids}: {float(metric(one_percent, lazy)):.3f}")

# %% [markdown]
# Nearly one half for finding nothing. With `target_class_ids=[1]` it is the hand's IoU, but summed over all photos that
# it has seen: again pixels count, not photos.
#
# **`keras.metrics.IoU`** and **`MeanIoU`** expect class numbers. Give them probabilities, and they cut off what follows
# the point: 0.9 becomes 0. A nearly perfect answer scores nothing for the hand, without a word of warning; `MeanIoU`
# still adds half of the background's.

# %%
# NBVAL_CHECK_OUTPUT
good = ops.convert_to_tensor(0.9 * one_percent)
for name, answer in {"probabilities": good, "rounded": ops.round(good)}.items():
    metric = keras.metrics.IoU(num_classes=2, target_class_ids=[1])
    print(f"{name}: {float(metric(one_percent, answer)):.3f}")

# %% [markdown]
# So the course has its own. It cuts at a threshold, scores each photo, and averages over photos; empty against empty is
# 1.


# %%
def batch_iou(y_true, y_pred, threshold=0.5):
    true, pred = ops.cast(y_true, "float32"), ops.cast(y_pred >= threshold, "float32")
    both = ops.sum(true * pred, axis=(1, 2, 3))
    either = ops.sum(ops.maximum(true, pred), axis=(1, 2, 3))
    return ops.where(either > 0, both / ops.maximum(either, 1.0), 1.0)


metric = keras.metrics.MeanMetricWrapper(batch_iou, name="iou")
by_hand = np.mean([hs.metrics.iou(t, p) for t, p in zip(masks, ops.convert_to_numpy(prob) >= 0.5)])
assert np.isclose(metric(masks, prob), by_hand) and np.isclose(hs.metrics.mean_iou()(masks, prob), by_hand)

# %% [markdown]
# ## 13. How far off is the outline?
#
# IoU has one more habit that you should know. Cut the same two pixels off all round, from the largest hand of the data
# and from the smallest:

# %%
areas = [mask.sum() for mask in truth]
rows = {}
for name, k in {"largest": np.argmax(areas), "smallest": np.argmin(areas)}.items():
    pair = truth[k], cv2.erode(truth[k], np.ones((5, 5), np.uint8))
    rows[name] = {"pixels": areas[k], "IoU": hs.metrics.iou(*pair), "boundary_px": hs.metrics.boundary_px(*pair)}
table = pd.DataFrame(rows).T.astype({"pixels": int})
assert table.IoU["smallest"] < table.IoU["largest"]
table.round(2)

# %% [markdown]
# The same mistake, seen by the eye, and quite different scores: a small or thin hand has more edge for its area. So the
# course reports a third number, `boundary_px`: the median distance from the predicted outline to the true one, in
# pixels of the photo. It says what you would see. A median does not notice a few pixels far out, so it stands beside
# IoU, not in its place.

# %%
image, true = four[1].read()
thin = cv2.erode(true, np.ones((5, 5), np.uint8))
outlines = hs.plots.overlay(hs.plots.overlay(image, true, strength=0), thin, hs.plots.ORANGE, strength=0)
x, y, width, height = cv2.boundingRect(true)

fig, ax = hs.plots.figure("A hand with its true outline in blue and another in orange, two pixels inside.", width=4)
ax.imshow(outlines[y : y + height, x : x + width])
ax.set_title(f"true outline blue, two pixels inside orange: IoU {hs.metrics.iou(true, thin):.2f}", fontsize=9)
ax.axis("off")
fig

# %% [markdown]
# And how exact is the truth? Whoever drew a mask by hand was a pixel off here and there. Grow every mask by one pixel
# all round, and score it against the one it was:

# %%
grown = [hs.metrics.f1(mask, cv2.dilate(mask, np.ones((3, 3), np.uint8))) for mask in truth]
assert 0.93 < np.mean(grown) < 0.995
print(f"one pixel off all round: Dice {np.mean(grown):.3f}")

# %% [markdown]
# That is a bound on how high a score can go. On HGR1 one pixel costs a Dice of {{audit.one_pixel:.3f}}. Two networks are scored against
# the same pencil, so in their difference a part of this cancels. But ask of a gain of 0.002 whether it holds for each
# person, or only follows the hand that drew the masks.

# %% [markdown]
# ## 14. What you learned
#
# - Four counts make every score. IoU and Dice leave out the true negatives; accuracy lives on them.
# - For one photo, Dice is 2 IoU / (1 + IoU). Ask which of them, or mIoU, a paper reports.
# - Before you believe a score, score the laziest answer.
# - A loss needs a slope; a metric needs a meaning.
# - Scored photo by photo? Then the loss of a batch is the mean of the losses of its photos: sum over pixels, not over
#   photos.
# - Dice cares for the hand, BCE for each pixel's honesty. Their sum does some of both.
# - Test a metric from a library with answers whose score you know.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("05")

# %% [markdown]
# ## 16. Next
#
# You have a loss with a slope and a score with a meaning. [06 Training](06_training.ipynb) gives the loss to an
# optimiser, and lets the score decide when to stop.
