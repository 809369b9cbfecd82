# %% [markdown]
# # 05 Losses and metrics
#
# *Two networks can have the same score although one of them loses fingers. Before you compare networks by a score, you
# have to know what the score counts.*

# %% [markdown]
# This lesson is about the network's answer. How good is the answer, in one number? And by which number should the
# network learn? Click on a block to open it.

# %%
hs.explore.open_network("hand")

# %% [markdown]
# **You will be able to**
# - compute IoU and Dice by hand, and say what to ask about a score in a paper;
# - recognise a score that is high even for a useless answer;
# - compute Dice photo by photo, also for an empty photo, and say why a loss should do the same;
# - test a loss or a metric from a library before you rely on it.
#
# **Time:** 90 minutes to work through; the computer needs {{ceil(memory["05"].wall_seconds / 60)}} of them on two CPU
# cores. If losses are new to you, take half an hour more. Sections 12 and 13 can wait for another day.
#
# **You need:** [01 Photos and masks](01_photos_and_masks.ipynb), and what a loss is for ([gradient descent in
# pictures](https://developers.google.com/machine-learning/crash-course/linear-regression/gradient-descent)).

# %% [markdown]
# ## 1. Four counts
#
# For each pixel, the prediction says hand or background, and the true mask says what is right. So there are four kinds
# of pixels. Here is a true mask, and a prediction that is too far to the right:

# %%
import numpy as np
from keras import ops

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
# Four scores are computed from these four numbers: accuracy, IoU, Dice and mIoU. Accuracy and mIoU use all four, and
# IoU and Dice only three.

# %% [markdown]
# ## 2. IoU and Dice, by hand
#
# **[IoU](../docs/glossary.md#iou)**, intersection over union, is the number of pixels that are hand in both masks,
# divided by the number of pixels that are hand in at least one of them. **Dice** is twice the number of pixels that are
# hand in both masks, divided by the sum of the two areas. Another name for Dice is **F1**. (The library calls it `f1`.)
# In the four counts of section 1:
#
# $$\text{IoU} = \frac{TP}{TP + FP + FN} \qquad\qquad \text{Dice} = \text{F1} = \frac{2\,TP}{2\,TP + FP + FN}$$
#
# Neither IoU nor Dice uses the true negatives, $TN$. Try both scores with nine pixels:

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
iou_score = both / either
dice_score = 2 * both / (a.sum() + b.sum())
print(f"shared {both}, in at least one {either}, areas {a.sum()} and {b.sum()}: IoU {iou_score}, Dice {dice_score}")
assert iou_score == hs.metrics.iou(a, b) and dice_score == hs.metrics.f1(a, b)
assert np.isclose(dice_score, 2 * iou_score / (1 + iou_score))  # a rule, see below

# %% [markdown]
# For a single photo, Dice can always be computed from IoU:
#
# $$\text{Dice} = \frac{2\,\text{IoU}}{1 + \text{IoU}}$$
#
# So Dice is never smaller than IoU. And if you compare two masks of one photo, the mask with the higher IoU also has
# the higher Dice. For means over several photos, the formula does not hold. There, one network may have the higher mean
# IoU, and another network the higher mean Dice.

# %% [markdown]
# A third score is **mIoU**: the mean of the hand's IoU and the background's IoU. The background is large and easy, so
# mIoU is higher than the hand's IoU. Take a photo of which 22 % is hand. (This is the average of HGR1's photos.) And
# take a network that misses as many pixels of the hand as it falsely adds:

# %%
hand, missed = 0.22, 0.0045  # shares of the photo; as much is missed as is falsely added
tp, tn = hand - missed, 1 - hand - missed
hand_iou, background_iou = tp / (tp + 2 * missed), tn / (tn + 2 * missed)
print(f"IoU {hand_iou:.3f}, Dice {2 * tp / (2 * tp + 2 * missed):.3f}, mIoU {(hand_iou + background_iou) / 2:.3f}")

# %% [markdown]
# **Three papers could report these three numbers for the same network.** So before you compare two numbers, ask two
# questions:
#
# - **Which score is each of them?** Look for the formula in the paper. If it gives none, look whether the background
#   counts as a class of its own. If so, the score is mIoU.
# - **How were the photos put together?** This course takes the mean of the photos' scores. Most large benchmarks, such
#   as PASCAL VOC and Cityscapes, first add up the counts of section 1 over all photos, and then compute one IoU for
#   each class. So there a photo with a large hand counts more. Their mIoU is the mean over all classes.

# %% [markdown]
# ## 3. Exercise: count it yourself (warm-up)
#
# Here are two more masks. Use no code, only a pencil or your fingers. What is the IoU, and what is the Dice? Write the
# two numbers into the list, IoU first, in the place of the three dots. You may write fractions, as in `2 / 9, 0.5`.

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
# ## 4. Accuracy is misleading
#
# [Accuracy](../docs/glossary.md#accuracy) is the share of pixels that are right:
#
# $$\text{accuracy} = \frac{TP + TN}{TP + FP + FN + TN}$$
#
# Accuracy counts the true negatives, and most pixels of a photo are background. How do you find out whether this
# matters? Before you rely on a score, **compute it for the laziest answer that you can think of**. Here the laziest
# answer is: no hand, anywhere.

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
# An answer that finds no hand at all has most of the pixels right. On HGR1 its accuracy is 0.78, because 22 % of the
# average photo is hand. So an accuracy of 0.90 looks good, but it lies only about halfway between the laziest answer
# and a perfect answer. If all errors are missed pixels of the hand, nearly half of the hand is missing (0.10 of 0.22).
# IoU and Dice give the lazy answer a 0.

# %% [markdown]
# ## 5. From a metric to a loss
#
# IoU and Dice compare masks. But a network gives probabilities. Only afterwards, the probabilities are cut at 0.5.
# Could you use 1 - IoU as a loss? Suppose that the network gives the pixels of a hand a higher and higher probability,
# from 0 to 1. Look at the curves:


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
# 1 - IoU has one step, and is flat everywhere else. The [gradient](../docs/glossary.md#gradient) is the slope of this
# curve. Where the curve is flat, the slope is 0. So 1 - IoU does not tell the training in which direction to go. This
# is the difference between a metric and a loss. A **[metric](../docs/glossary.md#metric)** tells you how good a mask
# is. A **[loss](../docs/glossary.md#loss)** tells the training in which direction to change the weights.
#
# The [V-Net paper](https://arxiv.org/abs/1606.04797) showed how to make a loss of Dice: use the probabilities as they
# are. The result is called *soft* Dice, because a pixel can be hand in part, such as 0.7. With the true mask $t_i$ and
# the probability $p_i$ of each pixel $i$:
#
# $$\text{soft Dice} = \frac{2 \sum_i t_i \, p_i}{\sum_i t_i + \sum_i p_i}$$
#
# (The paper squares the numbers in the lower sums. Most code since then, and the course's, does not square them.) Now
# every small change of a probability changes the score. For masks of 0 and 1, soft Dice is the same as Dice:

# %%
assert np.isclose(soft_dice(true, pred), hs.metrics.f1(true, pred))

# %% [markdown]
# ## 6. How losses see an error
#
# Take a true mask and make it wrong, little by little. Move it to the side, or make it thinner until nothing is left.
# What does each loss say?
#
# One of the losses is new: binary cross-entropy, **[BCE](../docs/glossary.md#bce)** for short. BCE looks at each pixel
# alone. A pixel costs minus the natural logarithm of the probability that the network gave to the right answer. BCE is
# the mean of these costs. Over $n$ pixels:
#
# $$\text{BCE} = -\frac{1}{n} \sum_i \big( t_i \log p_i + (1 - t_i) \log (1 - p_i) \big)$$
#
# Take one pixel of the hand. If the network says 0.98, the pixel costs $-\log 0.98 = 0.02$. If the network says 0.5,
# the pixel costs 0.69. If it says 0.02, the pixel costs 3.9. So a pixel where the network is sure and wrong costs about
# 200 times as much as a pixel where it is sure and right. (For a pixel of the background, take the probability of
# background: 1 minus that of hand.)
#
# In the next figure, the network is sure: its probability is 0.98 inside the predicted mask, and 0.02 outside. Look at
# the right ends of the curves first. There, the prediction finds nothing of the hand any more.

# %%
import cv2

true = min((s.read()[1] for s in four), key=np.mean)  # the smallest of the four hands
width = true.shape[1]
true = np.pad(true, ((0, 0), (0, width)))  # background on the right, so that the mask does not slip out of the photo
depth = cv2.distanceTransform(true, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)  # how deep inside the hand a pixel lies
slips, cuts = np.linspace(0, width, 33, dtype=int), np.linspace(0, depth.max(), 33)
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
# Look at three things:
#
# - When the two masks share nothing, 1 - Dice and 1 - IoU reach their worst value, 1. The size of the photo makes no
#   difference.
# - On the right, 1 - accuracy ends at the hand's share of the photo. So if a small hand is lost, 1 - accuracy hardly
#   grows. BCE ends higher, because a pixel where the network is sure and wrong costs much. But BCE also grows with the
#   number of wrong pixels. So a lost hand of half the size costs half as much.
# - Where the masks share nothing, all four curves are flat. No curve tells whether the prediction is near the hand or
#   far from it. (This does no harm in a training. Soft Dice and BCE still tell each pixel of the hand to become more
#   probable.)

# %% [markdown]
# ## 7. A photo without a hand
#
# What if a photo shows no hand, and the network correctly finds none? Then Dice is 0 / 0.

# %%
empty = ops.zeros((1, 8, 8, 1))


def dice_loss_of_one(true, prob, smooth):
    both, total = ops.sum(true * prob), ops.sum(true) + ops.sum(prob)
    return float(1 - (2 * both + smooth) / (total + smooth))


for smooth in (0, 1):
    print(f"smooth {smooth}: the loss is {dice_loss_of_one(empty, empty, smooth)}")

# %% [markdown]
# Without `smooth`, the result is `nan`, "not a number". One such loss is enough: after the next step, every weight that
# learns is `nan`. The usual remedy is to add a small number, `smooth` or $s$, above and below the line:
#
# $$\text{Dice loss} = 1 - \frac{2 \sum_i t_i \, p_i + s}{\sum_i t_i + \sum_i p_i + s}$$
#
# Then the loss of an empty photo with an empty prediction is 0, as it should be. The remedy is not perfect. If the
# network gives a probability of 0.02 to each of 128 x 128 pixels, the sum is 328, and the loss is still nearly 1. For
# empty photos, BCE does most of the work (section 10).
#
# How large may `smooth` be? It is added to areas, so it is a number of pixels. Suppose that a network misses a hand of
# 500 pixels completely. It could not do worse, so its loss should be about 1. Is the loss about 1?

# %%
missed = ops.reshape(ops.cast(ops.arange(1000) < 500, "float32"), (1, 25, 40, 1))
for smooth in (1, 100, 10_000):
    print(f"smooth {smooth:6}: a missed hand costs {dice_loss_of_one(missed, 0 * missed, smooth):.3f}")

# %% [markdown]
# ## 8. One sum over the whole batch
#
# Training works with batches. Here is a common way to compute the Dice loss of a batch: add up the pixels of all
# photos, then divide.


# %%
def batch_dice_loss(true, prob, smooth=1.0):
    true = ops.cast(true, prob.dtype)
    both = ops.sum(true * prob)  # over all photos at once
    return 1 - (2 * both + smooth) / (ops.sum(true) + ops.sum(prob) + smooth)


# %% [markdown]
# This loss runs, it falls during training, and it is 0 for a perfect batch. But try this: take 16 masks. Let the
# prediction be perfect, except that the smallest hand is missed completely.

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
# The network has failed completely on one of 16 photos, and the loss is close to 0. How could you notice? If each
# photo should count the same, **the loss of a batch must be the mean of the losses of its photos.** Otherwise the cost
# of a mistake depends on the other photos in the batch. So give the photos to the loss one by one:

# %%
alone = [float(batch_dice_loss(masks[i : i + 1], pred[i : i + 1])) for i in range(16)]
print(f"mean over the photos: {np.mean(alone):.3f}, and the batch said {whole:.3f}")
assert not np.isclose(np.mean(alone), whole, rtol=0.3)

# %% [markdown]
# The two numbers differ, because in one sum over the batch each pixel counts the same, and not each photo. Now let the
# prediction miss each of the 16 hands in turn. The figure shows what each miss costs:

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
# A small hand costs little, so the network has little reason to find it. But in the score that you report, the mean
# over photos, a small hand counts as much as a large one. So the loss and the score have different aims. (Some people
# sum over the batch on purpose: if many pictures are empty, or if their score is one sum over all pixels.)

# %% [markdown]
# ## 9. Exercise: Dice of each photo (core)
#
# Write a function for two batches of masks, numpy arrays of shape (N, height, width) with the values 0 and 1. The
# function returns Dice as **one number for each image**, with the shape (N,). Two empty masks agree: their Dice is 1.
# This Dice is a score and not a loss, so it has to be exact, without `smooth`. A missed hand gets 0, even if the hand
# has only one pixel. If a hand is predicted where there is none, the Dice is 0 as well.


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
# This Dice loss sums over the pixels of each photo, and returns one number for each photo. Keras then takes the mean of
# these numbers.

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
# ### What each of the two losses misses
#
# Why does the course add two losses? Each has a strength that the other lacks. First, what does each loss say if a
# whole hand is missed?

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
# In Dice, the size of the hand makes little difference. In BCE, a small hand costs little, because the background has
# many more pixels. This is the problem of **class balance**.
#
# But Dice has two weaknesses. The first one shows as long as the prediction and the hand share nothing. Then the upper
# sum of Dice is 0. One false pixel more, or one less, hardly changes the loss. BCE looks at each pixel alone, so it
# pushes each false pixel down at once.
#
# The second weakness shows where the network is in doubt. Think of a photo of 5000 pixels. At a blurred edge, 100
# pixels look the same, and 30 of these are hand. The network cannot tell which 30, so the honest answer for each of the
# 100 is 0.3. All other pixels are certain, and right: 1000 are hand, and the rest is background. Which answer $p$ for
# the doubtful pixels has the lowest loss?
#
# - BCE is the mean over 5000 pixels. 30 pixels cost $-\log p$ each, 70 pixels cost $-\log(1 - p)$ each, and the others
#   cost nothing.
# - For Dice, the shared part is $1000 + 30 p$, the true hand is $1000 + 30$, and the predicted hand is $1000 + 100 p$.

# %%
p = np.linspace(0.01, 0.99, 99)
doubtful = {
    "BCE": -(30 * np.log(p) + 70 * np.log(1 - p)) / 5000,
    "Dice": 1 - 2 * (1000 + 30 * p) / (1030 + 1000 + 100 * p),
}
doubtful["Dice + BCE"] = doubtful["Dice"] + doubtful["BCE"]
assert np.isclose(p[doubtful["BCE"].argmin()], 0.3) and doubtful["Dice"].argmin() == 0

# %%
fig, ax = hs.plots.figure(
    "Loss against the answer given to the doubtful pixels. BCE is lowest at 0.3, Dice at 0, their sum in between.",
    width=5,
)
hs.plots.lines(ax, p, doubtful, xlabel="answer for the doubtful pixels (30 % of them are hand)", ylabel="loss")
for loss in doubtful.values():
    ax.plot(p[loss.argmin()], loss.min(), "ko")  # the answer that this loss likes best
ax.set_ylim(0, 0.12)
fig

# %% [markdown]
# BCE is honest: it is lowest at the true share, 0.3. Dice is lowest at 0, so it rewards an answer without doubt. (If 60
# of the 100 pixels were hand, Dice would be lowest at 1.) The sum of both is lowest at 0.17. So the sum lies between
# the two: it is less honest than BCE, and more honest than Dice.
#
# So far this section looked for the answer with the lowest loss. A real training may end with other answers. After a
# short training, the probabilities are still too cautious. After a long training, they are often [too
# sure](https://arxiv.org/abs/1706.04599), even with BCE alone. Lesson 07 measures how honest the course's network is.
#
# ### How much the choice matters
#
# Does the choice of the loss matter for the masks? In the [small test](../docs/glossary.md#small-test) (96 pixels, six
# epochs, nine persons), the IoU is {{ablation["the recipe"].iou:.3f}} with the sum,
# {{ablation["cross-entropy alone"].iou:.3f}} with BCE alone and {{ablation["Dice alone"].iou:.3f}} with Dice alone
# ([results](../docs/results.md)). So the sum is clearly better than Dice alone. Nine persons are too few to tell
# whether the sum is better than BCE alone: on HGR1 you could leave Dice out. The course keeps Dice for small hands, of
# which HGR1 has few. For photos that are unlike the training photos, the sum may not be the best loss. [A study of
# lesions](https://arxiv.org/abs/2209.06078) found that BCE alone was better on such photos.
#
# <!-- holds: ablation["Dice alone"].high < 0 and ablation["cross-entropy alone"].low < 0 < ablation["cross-entropy alone"].high -->
#
# <details>
# <summary>Other losses that you will meet, and BCE from z</summary>
#
# *Weighted BCE* and [*focal loss*](https://arxiv.org/abs/1708.02002) give rare or difficult pixels more weight.
# [*Tversky loss*](https://arxiv.org/abs/1706.05721) is Dice with separate prices for missed and for false pixels. *Soft
# IoU* is made from IoU as soft Dice is made from Dice. The course has measured none of these losses.
#
# If you can, compute BCE in code of your own from $z$, the number before the sigmoid (lesson 04). In Keras, use
# `from_logits=True`. In PyTorch, use `BCEWithLogitsLoss`. A probability that has been rounded to 0 or 1 has lost its
# gradient.
#
# </details>

# %% [markdown]
# ### Play with both losses
#
# Now make a prediction worse yourself. A large hand and a small hand get the same damage, in pixels. The grey pictures
# show, for each pixel, how much a loss asks to change the answer: the brighter the pixel, the more. BCE asks for most
# change where the network is sure and wrong. Dice asks for most change where the network is in doubt: along the soft
# outline.
#
# <details>
# <summary>Why, in formulas</summary>
#
# The brightness is the gradient: how fast the loss changes if you change $z$, the number before the sigmoid (lesson
# 04), at this pixel. The gradient of BCE is in proportion to $p - t$. The gradient of Dice has a factor $p (1 - p)$,
# which is largest at $p = 0.5$.
#
# </details>

# %%
hs.explore.play_loss()

# %% [markdown]
# ## 11. Exercise: a test for any loss (stretch)
#
# The loss of section 8 looked right and fell during training, but it did not do what you want. You can find such a
# fault before you train. Write the rule of section 8 as a test, `is_fair`. The function takes a loss, and the masks and
# probabilities of a batch: numpy arrays of shape (N, height, width, 1). It gives the whole batch to the loss, and then
# each photo alone. If the loss of the batch is the mean of the losses of its photos, it returns `True`, otherwise
# `False`.
#
# A loss may return one number for the batch, or N numbers, of which Keras takes the mean. `np.mean` gives one number in
# both cases.


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
# Once the check says "Right!", try your test in a new cell: `is_fair(batch_dice_loss, masks, prob)`, and then with
# `dice_bce_loss`. Then give the loss a perfect prediction: `is_fair(batch_dice_loss, masks, masks)`. Now the test finds
# no fault. Why? A test can only find a fault in cases where the fault changes the result.

# %% [markdown]
# ## 12. Test a metric before you use it
#
# (This section and the next can wait until you choose a metric for a project of your own.)
#
# Keras has losses and metrics for segmentation. Some of them do not do what their names suggest. You find this out with
# two questions of this lesson. What is the value for a lazy answer? And is the value of a batch the mean over its
# photos?
#
# **`keras.losses.Dice`** is one sum over the batch, without `smooth`. For an empty mask and an empty prediction its
# loss is 1, the worst there is. With `axis=(1, 2, 3)`, this loss sums photo by photo, but an empty photo still costs 1.

# %%
import keras

pred = masks.copy()
pred[smallest] = 0
theirs = float(keras.losses.Dice()(masks, pred))
nothing = float(keras.losses.Dice(axis=(1, 2, 3))(empty, empty))
assert np.isclose(theirs, whole, atol=1e-4) and nothing == 1
print(f"one of 16 missed: {theirs:.3f}; nothing to find, and nothing found: {nothing}")

# %% [markdown]
# **`keras.metrics.BinaryIoU`** is the mean of the hand's IoU and the background's, unless you ask for something else.
# Take a photo in which one pixel of a hundred is hand, and the lazy answer:

# %%
# NBVAL_CHECK_OUTPUT
one_percent = np.zeros((1, 10, 10, 1))
one_percent[0, 5, 5] = 1
lazy = 0 * one_percent
for metric in (keras.metrics.BinaryIoU(), keras.metrics.BinaryIoU(target_class_ids=[1])):
    print(f"{metric.target_class_ids}: {float(metric(one_percent, lazy)):.3f}")

# %% [markdown]
# An answer that finds nothing gets nearly one half. With `target_class_ids=[1]`, the metric is the IoU of the hand. But
# it adds up the pixels of all photos, so a photo with a large hand counts more.
#
# **`keras.metrics.IoU`** and **`MeanIoU`** expect whole numbers, the numbers of classes. If you give these metrics
# probabilities, they cut off the decimals, and 0.9 becomes 0. So a nearly perfect answer gets 0 for the hand, without a
# warning:

# %%
# NBVAL_CHECK_OUTPUT
metric = keras.metrics.IoU(num_classes=2, target_class_ids=[1])
print(f"0.9 for each pixel of the hand: {float(metric(one_percent, 0.9 * one_percent)):.3f}")

# %% [markdown]
# So the course has a metric of its own. The metric cuts the probabilities at a threshold, computes the IoU of each
# photo, and takes the mean over photos. An empty mask with an empty prediction counts 1.
#
# (If you work in PyTorch, test its losses, too. `DiceLoss` of segmentation_models_pytorch sums over the batch. MONAI's
# `DiceLoss` sums photo by photo, unless you ask otherwise.)


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
# ## 13. How far away is the outline?
#
# IoU has one more property that you should know. Remove two pixels all round, once from the largest hand of the data
# and once from the smallest:

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
# You see the same mistake twice, but the IoUs differ much. A small or thin hand has a long outline for its area. So the
# course reports one more number, `boundary_px`: the median distance from the predicted outline to the true outline, in
# pixels of the photo. This number is closer to what you see. But `boundary_px` does not notice a few pixels that are
# far away. It does not notice a missing finger either, because no predicted outline is there. And if nothing is found,
# it is `nan`. So you need both IoU and `boundary_px`.
#
# <details>
# <summary>Other distances in papers</summary>
#
# You will meet the Hausdorff distance (often its 95 % point), the normalised surface distance, and [Boundary
# IoU](https://arxiv.org/abs/2103.16562). All three start from both outlines, so they notice a missing finger. [Metrics
# Reloaded](https://arxiv.org/abs/2206.01653) says when to use which.
#
# </details>

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
# And how exact are the true masks? People who trace a hand are off by a pixel here and there. Make every mask larger by
# one pixel all round, and compare the larger mask with the true one:

# %%
grown = [hs.metrics.f1(mask, cv2.dilate(mask, np.ones((3, 3), np.uint8))) for mask in truth]
assert 0.93 < np.mean(grown) < 0.995
print(f"one pixel off all round: Dice {np.mean(grown):.3f}")

# %% [markdown]
# So small differences between high scores may come from how the masks were traced. On HGR1, one pixel all round costs
# {{audit.one_pixel:.3f}} of Dice. If you compare two networks on the same masks, inexact masks lower both scores in a
# similar way. But suppose that one network is better by 0.002. Is it better for each person? If not, the difference may
# be chance. If so, this network may still only have learned how these masks were traced, for example always a little
# outside the hand.

# %% [markdown]
# ## 14. What you learned
#
# - Accuracy, IoU and Dice are made of four counts. IoU and Dice do not use the true negatives. Accuracy counts mostly
#   true negatives.
# - For one photo, Dice is 2 IoU / (1 + IoU). Ask whether a paper reports IoU, Dice or mIoU, and whether the score is a
#   mean over photos.
# - Before you rely on a score, compute the score of the laziest answer.
# - A metric tells you how good a mask is. A loss needs a gradient.
# - If each photo should count the same, sum over the pixels of each photo, and take the mean over photos.
# - Dice looks at the hand as a whole. BCE looks at each pixel, and is honest. Their sum has something of both.
# - Test a metric from a library with answers whose score you know.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("05")

# %% [markdown]
# ## 16. Next
#
# You have a loss to train with and a score to judge by. [06 Training](06_training.ipynb) uses the loss to change the
# weights, and the score to decide when to stop.
