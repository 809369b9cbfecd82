# %% [markdown]
# # 06 Training
#
# *The loss falls in every training, also in one that teaches the wrong thing. So how do you know that yours goes well,
# when to stop it, and which network to keep?*
#
# **You will be able to**
# - find a mistake in the set-up within a minute, before you train for an hour;
# - say what the learning rate, `clipnorm` and frozen layers do, and draw it;
# - read training curves, and keep the right epoch;
# - continue a training that was killed;
# - compare two recipes fairly.
#
# **Time:** 110 minutes to work through; the computer needs {{ceil(memory["06"].wall_seconds / 60)}} of them on two CPU
# cores of a recent server, most of them in sections 7 and 12. If training is new to you, take two evenings. A good
# place for a break is after section 7, while the network trains. A laptop may take longer. Section 1 prints its
# seconds: twice as many as on the stored page mean that everything takes twice as long. Python takes
# {{memory["06"].peak_gib:.1f}} GiB of memory meanwhile. If your machine has little, as Binder's have, first shut down
# the other notebooks that run (the square in JupyterLab's left bar).
#
# **You need:** [04 The U-Net](04_the_u_net.ipynb) and [05 Losses and metrics](05_losses_and_metrics.ipynb). And a
# [gradient](../docs/glossary.md#gradient): it says for each weight in which direction the loss rises, and how steeply.
# To train means to go the other way. (At home, [3Blue1Brown](https://www.3blue1brown.com/lessons/gradient-descent)
# shows it in a film.)

# %% [markdown]
# All that the network learns lies in its two arms, in some ten million weights. Click on a block to see how many of
# them are there, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("encoder", "decoder"))

# %% [markdown]
# ## 1. Four photos by heart
#
# Before a training that takes long, make a test that takes a minute. Give the network four photos and let it learn
# them by heart. There is no augmentation and there are no new people, so the task is as easy as possible. The decoder
# alone has more than a million weights, which is enough to remember four masks. If the network fails, something is
# connected wrongly, and more photos will not help.

# %%
import time

import keras

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [split.train[0], split.train[-1], split.val[0], split.val[-1]]
images, masks = hs.Batches(four, profile.size, batch_size=4)[0]

keras.utils.set_random_seed(0)
model = hs.build_unet(profile.size)
hs.encoder.freeze(model.get_layer("encoder"))
model.compile("adam", loss=hs.losses.dice_bce_loss, metrics=[hs.metrics.mean_iou()])

# %% [markdown]
# The test persons stay out of this: they are used once, at the end. One epoch is now one step:

# %%
steps, begin = 12 * profile.epochs, time.perf_counter()
by_heart = model.fit(images, masks, batch_size=4, epochs=steps, verbose=0).history
print(f"IoU on the four: first {by_heart['iou'][0]:.2f}, after {steps} steps {by_heart['iou'][-1]:.2f}")
print(f"This took {time.perf_counter() - begin:.0f} seconds.")
assert by_heart["iou"][-1] > 0.8, "it cannot learn four photos by heart: do not train yet"

# %%
fig, axes = hs.plots.figure(
    "Two curves over the steps of learning four photos by heart: the loss falls towards 0, the IoU rises towards 1.",
    columns=2,
    height=2.6,
)
for ax, name, label in zip(axes, ("loss", "iou"), ("loss", "IoU")):
    ax.plot(by_heart[name], color=hs.plots.BLUE)
    ax.set(xlabel="step", ylabel=label, ylim=(0, None if name == "loss" else 1))
fig

# %%
hs.plots.predictions(hs.Predictor(model), four)

# %% [markdown]
# The network knows these four photos. How well it does on a fifth was not the question. The question was whether it can
# learn at all: whether the loss, the gradients and the weights are connected. The test does **not** tell you that the
# masks are the right ones. Inverted masks, or masks of other photos, can be learned by heart as well. For those, look
# at the picture above, and use the checks of lessons 01 and 02.
#
# Now make a mistake on purpose. Give it masks with 0 and 255, as a file reader may return them.

# %%
wrong = model.fit(images, masks * 255, batch_size=4, epochs=5, verbose=0).history
print("loss:", [round(loss, 1) for loss in wrong["loss"]])
assert wrong["loss"][-1] < 0

# %% [markdown]
# There is no error, and the loss falls. But it falls **below zero**. That is impossible for the sum of a Dice loss and
# a cross-entropy: for masks of 0 and 1 neither of them is ever negative.
#
# This is what the test with four photos can tell you:
#
# | what you see | what to look for |
# |---|---|
# | the loss does not change | no weight can be trained (`len(model.trainable_variables)`), or the rate is 0 |
# | it jumps up and down, or becomes nan | the rate is too high, or there is a nan in a batch |
# | it falls below zero | masks that are not 0 and 1 |
# | it falls, but very slowly | the photos were divided by 255 before the network got them, so its encoder sees nearly black photos (lesson 03) |
# | it falls, then stays well above zero | the design limits the score: an answer at half the size (lesson 04), grey masks (lesson 02) |
# | the IoU in `fit` is near 1, but the masks of `predict` are poor | the stored mean and variance of batch norm have not followed yet: train for more steps, or take a smaller `momentum` (lesson 04) |
#
# If you cannot wait for a real training, start it now. Select the cell in section 7 that begins with
# `keras.utils.set_random_seed(0)`, choose *Run All Above Selected Cell*, then run it, and read sections 2 to 6
# meanwhile. While it trains, no other cell of this notebook answers. So do the exercises afterwards.

# %% [markdown]
# ## 2. How long each step is
#
# The gradient says for each weight in which direction the loss rises, so a step goes the other way. The
# **[optimiser](../docs/glossary.md#optimiser)** decides how far. The simplest optimiser is gradient descent: the
# weight $w$ moves by minus the gradient $g$ times a number $\eta$, the **[learning
# rate](../docs/glossary.md#learning-rate)**.
#
# $$w \leftarrow w - \eta \, g$$
#
# The course uses *AdamW*. It divides each gradient by the usual size of the gradients of that weight. So no weight
# moves by much more than the learning rate in a step, however large the loss is. (There is one exception, in the box.)
#
# <details>
# <summary>Adam in formulas (you do not need them for the rest of the course)</summary>
#
# Adam keeps two running means for each weight, one of its gradients and one of their squares:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) \, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) \, g^2 \qquad w \leftarrow w - \eta \, \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# By default $\beta_1 = 0.9$ and $\beta_2 = 0.999$. The hats mean that $m$ and $v$ are divided by $1 - \beta_1^t$ and
# $1 - \beta_2^t$ at step $t$, because both begin at 0. The small number $\epsilon$ avoids a division by zero. If one
# gradient is far larger than all before, the step is $(1 - \beta_1) / \sqrt{1 - \beta_2} \approx 3.2$ times the rate.
#
# The *W* stands for [weight decay](../docs/glossary.md#weight-decay): every step also takes a small share off each
# weight, $w \leftarrow w - \eta \lambda w$, so that none grows without a reason. With the course's $\lambda = 10^{-4}$
# this is next to nothing: in a whole training, less than a ten-thousandth of a weight. Longer trainings use 0.01 or
# more, and often leave out biases and batch norms.
#
# </details>
#
# How large should the rate be? Large steps are fast. Small steps end closer to the best weights. So begin with large
# steps and end with small ones. The course lets the rate fall along a cosine. The very first steps are an exception:
# Adam has seen few gradients, and its means are not reliable yet. So the rate first rises from nearly zero. This is
# called **[warm-up](../docs/glossary.md#warm-up)**.


# %%
def schedule(steps, peak):
    warmup = max(1, steps // 10)
    return keras.optimizers.schedules.CosineDecay(
        peak / 100, decay_steps=max(1, steps - warmup), alpha=0.02, warmup_target=peak, warmup_steps=warmup
    )


def compile_stage(model, steps, peak):
    optimizer = keras.optimizers.AdamW(schedule(steps, peak), weight_decay=1e-4, clipnorm=1.0)
    model.compile(optimizer, loss=hs.losses.dice_bce_loss, metrics=[hs.metrics.mean_iou()])


# %% [markdown]
# The course trains in two stages (section 6 says why), and each has a schedule of its own. In the second stage the
# rate is lower, because it changes weights that have been trained before. (`1e-3` is Python for 0.001.)

# %%
import numpy as np
import pandas as pd

train = hs.Batches(split.train, profile.size, profile.batch_size, augment=True)
val = hs.Batches(split.val, profile.size, profile.batch_size)
stages = {"frozen": (profile.frozen_epochs, 1e-3), "fine-tuned": (profile.epochs - profile.frozen_epochs, 6e-4)}
rates = {
    name: [float(schedule(epochs * len(train), peak)(step)) for step in range(epochs * len(train))]
    for name, (epochs, peak) in stages.items()
}

# %%
fig, ax = hs.plots.figure(
    "The learning rate over all steps: in each of two stages it rises in a straight line to a peak, then falls along a "
    "cosine almost to zero. The second peak is lower than the first.",
    height=2.4,
)
begin = 0
for (name, rate), colour in zip(rates.items(), (hs.plots.BLUE, hs.plots.ORANGE)):
    ax.plot(np.arange(begin, begin + len(rate)), rate, color=colour, label=name)
    begin += len(rate)
ax.set(xlabel="step", ylabel="learning rate")
ax.legend()
fig

# %% [markdown]
# Must you choose the highest rate exactly? No: with twice as much, the network is about as good, and with half of it,
# a little worse. In the small test of lesson 02 (six epochs, nine persons of HGR1 whom the networks had never seen)
# the recipe has a hand IoU of {{ablation["the recipe"].iou:.3f}}, a peak twice as high
# {{ablation["rate twice as high"].iou:.3f}}, and half the peak {{ablation["rate half as high"].iou:.3f}}
# ([results](../docs/results.md)). (Only the peak of the second stage was changed.)
#
# <!-- holds: ablation["rate twice as high"].low < 0 < ablation["rate twice as high"].high and ablation["rate half as high"].high < 0 -->
#
# <details>
# <summary>As published: one rate to the end</summary>
#
# The article keeps one rate, 0.001, to the end. This is good at first. Later the steps are too long: the weights jump
# around the best ones.
#
# </details>

# %% [markdown]
# ## 3. Exercise: the rate at a step (warm-up)
#
# Write a function that returns the learning rate at a step, counted from 0. In the first `warmup` steps, it rises in a
# straight line from 0 to `peak`. Then it falls along half a cosine, from `peak` at the step `warmup` to 0 at the step
# `steps`. Half a cosine goes from 1 to -1 while its angle goes from 0 to π. You can use `np.cos` and `np.pi`.


# %%
def rate_at(step, warmup, steps, peak):
    # <solution>
    if step < warmup:
        return peak * step / warmup
    share = (step - warmup) / (steps - warmup)
    return peak * (1 + np.cos(np.pi * share)) / 2
    # </solution>


# %%
hs.check.rate_at(rate_at)

# %% [markdown]
# (The course's own rate begins and ends a little above 0, because with a rate of exactly 0 a step changes nothing.)

# %% [markdown]
# ## 4. A gradient that is too long
#
# Sometimes a batch is unusual, and its gradient is ten times as long as the others.
# [`clipnorm=1.0`](../docs/glossary.md#clipnorm) sets a limit. If the norm (the length) of a gradient is above the
# limit, the gradient is shortened to it, and its direction stays the same:
#
# $$g \leftarrow g \cdot \min\left(1, \frac{\text{limit}}{\lVert g \rVert}\right)$$
#
# To see this alone, use plain gradient descent with a rate of 1, which moves a weight by minus its gradient. The
# gradient (6, 8) has the norm 10. What becomes of it? And does clipping help against a [nan](../docs/glossary.md#nan)?

# %%
weight = keras.Variable([0.0, 0.0])
optimizer = keras.optimizers.SGD(learning_rate=1.0, clipnorm=1.0)
clipped = []
for gradient in ([6.0, 8.0], [0.5, -0.6], [float("nan"), 8.0]):
    weight.assign([0.0, 0.0])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
    clipped.append(-keras.ops.convert_to_numpy(weight))
    print(f"gradient {gradient}: clipped {clipped[-1].round(2)}")
assert np.allclose(clipped[0], [0.6, 0.8]) and np.isnan(clipped[2]).all()

# %% [markdown]
# With a nan, clipping makes things worse. If one number of a gradient is nan, its norm is nan, and everything that is
# divided by nan becomes nan. Now both weights are lost. So if you find a nan, look for its source: first in the batches
# (`np.isfinite(batch).all()`), then in the loss, then in the rate. One source is a photo of a single colour that is
# stretched from its minimum to its maximum, which is 0 / 0.
#
# `clipnorm` is a guard. The course has not measured how much it helps in its recipe.

# %% [markdown]
# <details>
# <summary>As published: clipping against nan</summary>
#
# The article sets `clipnorm=1` because it "sometimes ... ended up with Nan value". Its batches can hold a nan in two
# ways. Each photo is stretched from its minimum to its maximum. And the rows past the last photo of an epoch hold
# whatever was in memory (lesson 02).
#
# </details>
#
# Now roll the ball, by plain gradient descent. It stands on a steep wall, above a long valley; the lowest place is in
# the middle of the map. Each step goes down by the learning rate times the gradient. The rate 1 suits the valley. On
# the wall, where the gradient is long, it throws the ball off the map, as in the picture: the first step already
# leaves it. Let the rate warm up over some steps, or clip the gradient: does the ball stay? Then try the smallest
# rate, and count how far it comes.

# %%
hs.explore.roll_ball()

# %% [markdown]
# ## 5. Exercise: all gradients as one (stretch)
#
# `clipnorm` shortens the gradient of each weight array by itself: a long one is shortened, and a short one beside it
# is not. So the gradient as a whole changes its direction. (The course uses it all the same. Adam divides each
# weight's gradient by its usual size, so the direction changes anyway.)
#
# Write the other kind, which Keras calls `global_clipnorm`, and PyTorch `clip_grad_norm_`. `clip_together` takes a
# list of gradients, numpy arrays of any shapes, and a limit. It returns a list of arrays of the same shapes, in which
# **all numbers together** have at most the norm `limit`. If they are short enough already, they stay as they are. Do
# not change the arrays that you are given.


# %%
def clip_together(gradients, limit):
    # <solution>
    norm = np.sqrt(sum(np.sum(gradient**2) for gradient in gradients))
    return [gradient * limit / max(norm, limit) for gradient in gradients]
    # </solution>


# %%
hs.check.clip_together(clip_together)

# %% [markdown]
# ## 6. First frozen, then fine-tuned
#
# The encoder has been trained before, and the decoder begins with random numbers. If you train both at once, the first
# gradients pass *through* the random decoder before they reach the encoder. They may be large and nearly random, and
# change what the encoder has learned. So the course trains in two stages:
#
# 1. **Frozen.** The encoder does not change. The decoder learns to use its features.
# 2. **[Fine-tuned](../docs/glossary.md#fine-tune).** The later blocks of the encoder learn as well, with a lower rate.
#
# Why not all blocks? The first ones respond to edges and colours, which hands have in common with everything else.
# Besides, frozen layers need no gradients, which saves memory and time. The course fine-tunes from `conv3_block1` on.
# (Many people use one stage in place of two, with a rate for the encoder that is ten times lower. This has not been
# measured here.)
#
# What is each stage worth? This was measured in the same small test:
#
# | what is trained | hand IoU |
# |---|---|
# | both stages, with a peak rate of 0.001 and then of 0.0006 | {{ablation["the recipe"].iou:.3f}} |
# | never frozen, with a peak rate of 0.0006 for all | {{ablation["never frozen"].iou:.3f}} |
# | frozen to the end, in half the time | {{ablation["encoder frozen throughout"].iou:.3f}} |
# | fine-tuned from `conv4_block1` on, a fifth cheaper | {{ablation["encoder fine-tuned from conv4"].iou:.3f}} |
#
# Only the second row is clearly worse than the first. (A part of this may come from the decoder's lower rate.) For the
# others nine persons are too few to tell ([results](../docs/results.md)). So on a slow computer the last row is a good
# choice.
#
# <!-- holds: ablation["never frozen"].high < 0 and ablation["encoder frozen throughout"].low < 0 < ablation["encoder frozen throughout"].high -->
# <!-- holds: ablation["encoder fine-tuned from conv4"].low < 0 < ablation["encoder fine-tuned from conv4"].high -->
# <!-- holds: 0.45 < ablation["encoder frozen throughout"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.6 -->
# <!-- holds: 0.7 < ablation["encoder fine-tuned from conv4"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.85 -->
#
# Remember two points of [lesson 03](03_the_encoder.ipynb). Freeze first, *then* compile. And keep the stored mean and
# variance of batch norm still while you fine-tune. The course's encoder does that, and section 7 checks it.

# %% [markdown]
# ## 7. The loop
#
# Now you have all the parts. At the beginning of each stage, freeze and compile. In each
# [epoch](../docs/glossary.md#epoch), train, compute the score on the validation persons, and keep the weights if the
# score is the best so far. This is the whole recipe:


# %%
def begin_stage(model, train, epoch, epochs, frozen_epochs):
    frozen = epoch < frozen_epochs
    hs.encoder.freeze(model.get_layer("encoder"), None if frozen else "conv3_block1")
    steps = ((frozen_epochs if frozen else epochs) - epoch) * len(train)
    compile_stage(model, steps, peak=1e-3 if frozen else 6e-4)


# %%
def train_unet(model, train, val, epochs, frozen_epochs):
    rows = []
    for epoch in range(epochs):
        if epoch in (0, frozen_epochs):
            begin_stage(model, train, epoch, epochs, frozen_epochs)
        begin = keras.callbacks.LambdaCallback(on_epoch_begin=lambda *_: train.start_epoch(epoch))
        history = model.fit(train, shuffle=False, verbose=0, callbacks=[begin]).history
        row = {name: values[0] for name, values in history.items()}
        scores = model.evaluate(val, verbose=0, return_dict=True)
        rows.append({"epoch": epoch} | row | {f"val_{name}": score for name, score in scores.items()})
        if epoch == max(rows, key=lambda row: row["val_iou"])["epoch"]:
            best = model.get_weights()
    model.set_weights(best)
    return rows


# %% [markdown]
# A callback tells the batches which epoch begins. This loop calls `fit` for one epoch at a time, so that you see every
# step. In your own code call it once, with `validation_data`, and with a callback that keeps the best weights:
# `ModelCheckpoint` with `mode="max"`.
#
# <details>
# <summary>Why a callback, and not a line before fit?</summary>
#
# Keras calls `on_epoch_end` once before the first epoch. After a line before `fit`, the batches would then already be
# at the next epoch.
#
# </details>
#
# `hs.fit` does the same as this loop. It also draws a progress bar, stops early, and can continue after it was killed.
# Section 10 compares the two. `hs.explore.watch_training` draws the curves and the mask of one photo after each epoch.
#
# Before you start the training, write down a guess: which IoU will it reach on people whom the network has not seen?
#
# With the profile quick the training takes a few minutes. While it runs, no other cell of this notebook answers, and a
# check that seems to hang only waits. Read section 8 meanwhile, and write down your epoch.

# %%
keras.utils.set_random_seed(0)
model = hs.build_unet(profile.size)
encoder = model.get_layer("encoder")
before = [weights.copy() for weights in encoder.get_weights()]
watch = hs.explore.watch_training(split.val[0])
history = hs.fit(model, train, val, profile.epochs, profile.frozen_epochs, callbacks=[watch])
print(f"{len(history.rows)} epochs, best: epoch {history.best['epoch'] + 1}, IoU {history.best['val_iou']:.2f}")

# %% [markdown]
# Did the right weights change, and did the others stay as they were? The next cell checks it, and shows how far the
# weights moved: the median change of a weight array, in per cent of its size.

# %%
import re

change = pd.DataFrame(
    {
        "stage": re.search(r"conv\d", w.path)[0],
        "kept": "moving" in w.path,
        "share": np.linalg.norm(new - old) / (np.linalg.norm(old) + 1e-9),
    }
    for w, new, old in zip(encoder.weights, encoder.get_weights(), before)
)
assert not change[change.kept].share.any(), "the statistics of batch norm moved"
assert not change[change.stage.isin(["conv1", "conv2"])].share.any(), "frozen weights moved"

# %%
shares = change[~change.kept].groupby("stage").share.median()
(100 * shares).round(1).to_frame("changed by %").T

# %% [markdown]
# Now look at the curves. The shaded part is the second stage.

# %%
hs.plots.curves(history)

# %% [markdown]
# This is how to read such curves. Not all of it shows in yours. On the stored page, both losses fall, the validation is
# at times better than the training, and its score goes up and down.
#
# - **Both losses fall together:** the network is learning, and more epochs may help.
# - **The training loss still falls, but the validation loss rises and the validation IoU falls:** the network begins
#   to know the training persons by heart. This is [overfitting](../docs/glossary.md#overfitting). Keep the epoch
#   before. More people or more augmentation help.
# - **Both losses stay high:** the rate is too low, there are too few steps, or the design limits the score.
# - **The loss is still high, but the masks are good:** the probabilities are soft, for example 0.1 where they should be
#   0. The masks, which are cut at 0.5, do not show it. With more epochs the loss would fall, and the IoU hardly rise.
# - **The validation is better than the training:** this is normal. The training photos are augmented, which makes them
#   harder. And the training score is a mean over an epoch in which the network was still improving.
# - **A dent where the shaded part begins:** the encoder begins to change, and the decoder has to adapt. (Often you
#   hardly see one.)
# - **The validation score goes up and down:** there are only two validation persons. A step that is smaller than this
#   up and down means nothing.

# %% [markdown]
# The slider goes back through this training. Where does the mask change most from one epoch to the next?

# %%
hs.explore.replay_training(watch)

# %% [markdown]
# ## 8. Which epoch to keep
#
# After each epoch you have a network. Which one do you keep? Here are twelve epochs of a longer training, with made-up
# numbers. Epochs are counted from 1, as in the curves above. Write down which one you would keep.

# %%
columns = {
    "loss": [0.60, 0.48, 0.40, 0.34, 0.29, 0.25, 0.22, 0.19, 0.17, 0.15, 0.13, 0.12],
    "iou": [0.58, 0.70, 0.77, 0.82, 0.85, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95],
    "val_loss": [0.55, 0.43, 0.36, 0.37, 0.39, 0.37, 0.40, 0.42, 0.45, 0.47, 0.46, 0.50],
    "val_iou": [0.60, 0.74, 0.80, 0.79, 0.78, 0.84, 0.83, 0.82, 0.81, 0.80, 0.86, 0.83],
}
rows, epochs = pd.DataFrame(columns).to_dict("records"), range(1, 13)

# %% [markdown]
# Have you written it down? The figure shows which epoch the course keeps, and where its training stops.

# %%
fig, ax = hs.plots.figure(
    "Made-up curves of twelve epochs. Training IoU rises to the end. Validation IoU is best at epoch 6, falls for four "
    "epochs, peaks at 11 and falls. With patience 3 training ends at 9.",
    height=2.8,
)
ax.plot(epochs, columns["iou"], color=hs.plots.BLUE, marker="o", label="training IoU")
ax.plot(epochs, columns["val_iou"], "--", color=hs.plots.VERMILION, marker="s", label="validation IoU")
ax.axvline(6, color=hs.plots.GREEN, label="kept")
ax.axvline(9, color=hs.plots.GREY, linestyle=":", label="stopped, patience 3")
ax.set(xlabel="epoch", ylabel="IoU", xticks=epochs)
ax.legend(fontsize=8)
fig

# %% [markdown]
# **On whose photos?** The training loss is about people whom the network trains on. The rule "lowest training loss"
# would keep epoch 12 here, in which the network knows these people best. So choose by the validation persons.
#
# **By which number?** You want good outlines, so choose by IoU. A loss also counts how *sure* the network is, and it
# can rise while the outlines still improve.
#
# **When to stop?** A better epoch may come after a worse one, so wait for a few epochs. How many is called the
# **[patience](../docs/glossary.md#patience)**. With a patience of 3, this training stops after three epochs in a row
# without a new best, at epoch 9. It never reaches the better epoch 11, and nobody could have known. With a rate that
# falls along a cosine there is one more reason to be patient. The best epochs usually come at the end, when the rate
# is small, and if you stop early, you never get there. So give such a training a large patience, or none, and keep the
# best epoch.
#
# **Higher or lower?** Keras has a [callback](../docs/glossary.md#callback) that stops a training early,
# `EarlyStopping`. With `mode="min"` it would take the very first epoch for the best one. So with `monitor="val_iou"`
# always write `mode="max"`.
#
# In your own short training the choice hardly matters: nearly all epochs at its end are equally good, because nothing
# has had time to go wrong.
#
# **And the test persons?** Suppose that the test set decides when to stop. What is wrong with the score on that set?
# Imagine a thousand trainings with 20 epochs each. All epochs are equally good, with a true IoU of 0.90, but the
# measured score varies by about 0.01. Each training reports its best epoch:

# %%
rng = np.random.default_rng(0)
measured = 0.90 + 0.01 * rng.standard_normal((1000, 20))
print(f"true IoU 0.90; reported, on average: {measured.max(axis=1).mean():.3f}")
assert 0.915 < measured.max(axis=1).mean() < 0.922

# %% [markdown]
# The reported score is nearly 0.02 too high, only because it was chosen. The epochs of one training resemble each
# other, so in practice the gain is smaller, but nobody can tell you how small. If a set of photos has decided anything,
# it is no test set any more. This is why there are three parts. The validation persons decide, and the test persons are
# used once, at the end.
#
# <details>
# <summary>As published: what decides in the article</summary>
#
# The article keeps the epoch with the lowest training loss, by a [checkpoint](../docs/glossary.md#checkpoint):
# `ModelCheckpoint(monitor="loss")`. And it passes its *test* set to `fit` as validation data, and lets it decide when
# to stop. So no photo is left that has decided nothing.
#
# </details>

# %% [markdown]
# ## 9. Exercise: the epoch to keep (core)
#
# Write a function that takes rows as above and a patience. It returns two epochs, counted from 1: the one to keep, and
# the one at which the training stops. It stops after `patience` epochs in a row without a new highest validation IoU.
# If that never happens, it stops at the last row. Rows after the stop are never seen, so they cannot be kept. For the
# twelve epochs above and a patience of 3 the answer is `(6, 9)`.


# %%
def best_epoch(rows, patience):
    # <solution>
    keep, best = 1, rows[0]["val_iou"]
    for epoch, row in enumerate(rows, start=1):
        if row["val_iou"] > best:
            keep, best = epoch, row["val_iou"]
        if epoch - keep == patience:
            break
    return keep, epoch
    # </solution>


# %%
hs.check.best_epoch(best_epoch)

# %% [markdown]
# ## 10. Continue after a kill
#
# (If your trainings take minutes, you can read this section on another day.)
#
# Colab ends after a while, and laptops run out of power. A long training must survive that. What has to be on the disk
# to continue as if nothing had happened?
#
# - the weights of the last epoch, and those of the best one;
# - the state of the **optimiser**: its running means, and the number of steps, because the learning rate depends on
#   it;
# - the rows so far.
#
# For the batches the number of the epoch is enough, because each augmented photo depends only on the seed, the epoch
# and the sample (lesson 02).
#
# `hs.fit` writes all this to the folder `out` after each epoch. Try it with a small network, whose encoder has three
# convolutions. For this question the size makes no difference:


# %%
def small_unet():
    photo = keras.Input((profile.size, profile.size, 3))
    x, maps = keras.layers.Rescaling(1 / 255)(photo), []
    for stage in (1, 2, 3):
        x = keras.layers.Conv2D(8, 3, 2, padding="same", activation="relu", name=f"conv{stage}_block1_conv")(x)
        maps.append(x)
    *skips, x = keras.Model(photo, maps, name="encoder")(photo)
    for skip in [*reversed(skips), None]:
        x = hs.unet.up_step(x, skip, 8)
    return keras.Model(photo, keras.layers.Conv2D(1, 1, activation="sigmoid")(x))


# %%
def small_training():
    keras.utils.set_random_seed(0)
    fresh = hs.Batches(split.train, profile.size, profile.batch_size, augment=True)
    return small_unet(), fresh, val


# %% [markdown]
# First run your own loop, without an interruption:

# %%
uninterrupted = train_unet(*small_training(), epochs=4, frozen_epochs=2)

# %% [markdown]
# Then run the library's, with a callback that interrupts it after the first batch of the fourth epoch:

# %%
import tempfile
from pathlib import Path


class PullThePlug(keras.callbacks.Callback):
    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch == 3:
            raise KeyboardInterrupt


# %%
folder = tempfile.TemporaryDirectory()
out = Path(folder.name)  # on Colab: a folder in your Drive, which outlives the machine
try:
    hs.fit(*small_training(), epochs=4, frozen_epochs=2, out=out, callbacks=[PullThePlug()])
except KeyboardInterrupt:
    print("Interrupted. On the disk:", sorted(path.name for path in out.iterdir()))

# %% [markdown]
# The disk holds the third epoch, and the best one if that is another. (In names of files, Python counts from 0: the
# third epoch is `epoch-002`.) The fourth epoch is lost. Now build everything anew, with other random weights, and make
# the same call:

# %%
_, fresh, _ = small_training()
keras.utils.set_random_seed(99)
resumed = hs.fit(small_unet(), fresh, val, epochs=4, frozen_epochs=2, out=out)
names = ["epoch", "loss", "iou", "val_loss", "val_iou"]
both = [pd.DataFrame(rows_)[names].assign(epoch=range(1, 5)) for rows_ in (uninterrupted, resumed.rows)]
assert np.allclose(*both, atol=0.001)
pd.concat(both, axis=1, keys=["your loop, uninterrupted", "hs.fit, killed and resumed"]).round(3)

# %% [markdown]
# The table and the assert show two things. Your loop and the library's do the same, and a training that was killed
# ends like one that was not. If the state of the optimiser were not kept, the learning rate would begin again with a
# warm-up, and the assert would fail.

# %% [markdown]
# ## 11. People whom it has never seen
#
# Now every decision has been made, so it is time for the test persons. `hs.evaluate` scores every photo at its own
# size.

# %%
report = hs.evaluate(model, split.test)
summary = report.summary()
all_hand = report.table.hand.mean()  # the IoU of an answer that calls every pixel hand
print(f"IoU {summary['iou']:.3f}, F1 {summary['f1']:.3f}; by calling everything hand: IoU {all_hand:.3f}")
assert summary["iou"] > all_hand
report.by("person").round(3)

# %%
hs.plots.predictions(hs.Predictor(model), [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")])

# %% [markdown]
# Compare this with your guess. Then look at the persons: how different are their scores? This tells you more about a
# fourth person than the third digit of the mean.
#
# This network is yours. Keep it: lesson 07 lets you try it on a photo, beside the course's. It becomes one file in the
# course's cache on the machine that runs this notebook, and `hs.my_network.forget()` removes it. (On the stored page it
# is not kept, because a program made that page.)
#
# <details>
# <summary>Faster on some processors: bfloat16</summary>
#
# Most of the time goes into multiplications of float32 numbers. [`bfloat16`](../docs/glossary.md#bfloat16) needs half
# the bytes, and has fewer digits. Where the processor has instructions for it, training is faster; where it has none,
# it is much slower. `hs.machine.fast_dtype()` finds out. The policy `mixed_bfloat16` computes in bfloat16 and keeps the
# weights in float32, because the small steps of a training would be lost otherwise. To use it, call
# `keras.config.set_dtype_policy(hs.machine.fast_dtype())` before you build a model. The command
# `python -m handseg_lib train` does this.
#
# </details>

# %%
kept = hs.my_network.keep(model)
print("kept" if kept else "not kept: HANDSEG_MY_NETWORK says none")

# %% [markdown]
# One hand is left: yours. Here is what your network makes of the photo that you gave the course in lesson 00. (If you
# gave none, you see a test person's hand.) Of your photo there is no true mask, and so no score. Look yourself: are
# all fingers there, and is anything in the mask that is no hand? Do not expect too much: this network has learned for
# minutes. Lesson 07 shows what the course's network makes of the same photo.

# %%
photo = hs.my_hand.load(split.test[-1].read()[0])
hs.explore.draw_photo(photo, hs.Predictor(model)(photo), 0.5, "by your own network")

# %% [markdown]
# ## 12. Two recipes side by side
#
# How do you compare two recipes fairly? Take the course's recipe, and the one that the course grew out of, that of the
# article. `hs.as_published` is the article's recipe with the smallest change that makes it run. Give it the same
# people, the same photos and the same number of epochs. (This takes longer than the training of section 7, and again no
# other cell answers meanwhile. You can leave out the cells of this section: the stored page has the table and the
# curves.)

# %%
from tqdm import tqdm

keras.utils.set_random_seed(0)
published = hs.as_published.build_unet(profile.size)
with tqdm(total=profile.epochs, unit="epoch") as bar:
    tick = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: bar.update())
    published_history = hs.as_published.fit(published, train, val, epochs=profile.epochs, callbacks=[tick])
published_report = hs.evaluate(published, split.test)
recipes = {"the article's": (published, published_history, published_report), "ours": (model, history, report)}

# %%
table = {}
for name, (net, past, result) in recipes.items():
    scores = result.summary()
    table[name] = {
        "million weights": f"{net.count_params() / 1e6:.1f}",
        "epochs": len(past.rows),
        "seconds of training": f"{past.seconds:.0f}",
        "test IoU": f"{scores['iou']:.3f}",
        "test F1": f"{scores['f1']:.3f}",
        "worst person's IoU": f"{scores['worst_person_iou']:.3f}",
        "outline off by (px)": f"{scores['boundary_px']:.1f}",
    }

# %%
assert report.summary()["iou"] > published_report.summary()["iou"] - 0.02
pd.DataFrame(table)

# %% [markdown]
# Does the table say that the article's recipe is bad? No. It says that these few epochs on drawn hands are not enough
# for it. On the real photos, after as many epochs as each was made for, the two are much closer
# ([results](../docs/results.md)):
#
# | on HGR1, each trained once | the article's, 20 epochs | ours, 8 epochs |
# |---|---|---|
# | test IoU | {{time_to_quality.article_test_iou:.3f}} | {{time_to_quality.ours_128_test_iou:.3f}} |
#
# <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "article"]) == 20 -->
# <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "ours_128"]) == 8 -->

# %%
fig, ax = hs.plots.figure(
    "Validation IoU against seconds of training for the article's recipe and ours, a mark for each epoch.", height=2.8
)
for (name, (_, past, _)), colour, style in zip(recipes.items(), (hs.plots.ORANGE, hs.plots.BLUE), ("s--", "o-")):
    seconds = np.cumsum([row["seconds"] for row in past.rows])
    ax.plot(seconds, [row["val_iou"] for row in past.rows], style, color=colour, label=name)
ax.set(xlabel="seconds of training", ylabel="validation IoU")
ax.legend()
fig

# %% [markdown]
# To be fair, keep three things in mind:
#
# - **The same score.** The table scores both networks with `hs.evaluate`. The validation scores in the curves are not
#   quite comparable, because the article's validation photos are flipped at random.
# - **One training each.** With another seed the scores are different. A difference of 0.01 between two single
#   trainings means little.
# - **The reason is not known.** The recipes differ in many things, and this table cannot tell which of them matter.
#   For that, change one thing at a time and measure each.
#
# <details>
# <summary>Which of the two is faster?</summary>
#
# On the real photos, the article's training takes {{time_to_quality.published_seconds_whole / 60:.0f}} minutes, and
# the course's {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128") / 60:.0f}}. But the
# article's photos have 224 pixels a side and the course's 128, so there are three times as many pixels, and it has 2.5
# times as many epochs. So per photo and pixel, the course's training is
# {{time_to_quality.published_seconds_whole / sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128") / (224 / 128) ** 2 / 2.5:.1f}}
# times as fast.
#
# </details>

# %% [markdown]
# ## 13. What you learned
#
# - Before a long training, let the network learn four photos by heart. A loss below zero is a sign of wrong masks. But
#   whether each mask belongs to its photo, only a look can tell.
# - Begin with a warm-up, then use a high rate, then a low one. In a step, Adam moves a weight by about the rate at most.
# - Clipping shortens a gradient that is too long. It does not remove a nan.
# - Freeze, then compile, then count what can learn. Compare the weights before and after.
# - Keep the epoch with the highest validation IoU (`mode="max"`), and stop when it no longer rises.
# - If a set of photos has decided anything, it is no test set any more.
# - To continue after a kill you need the weights, the optimiser, the rows, and batches that know their epoch.
# - Compare recipes on the same people with the same score, and say what the comparison cannot tell.

# %% [markdown]
# ## 14. Quiz

# %%
hs.quiz("06")

# %% [markdown]
# ## 15. Next
#
# A mean over persons hides where a network fails. [07 Exploring predictions](07_exploring_predictions.ipynb) looks at
# the photos one by one, and begins with the worst.
