# %% [markdown]
# # 06 Training
#
# *The loss falls in every training, also in a training that teaches the wrong thing. So how do you know that your
# training goes well? When do you stop it? And which network do you keep?*

# %% [markdown]
# All that the network learns lies in its two arms, in some ten million weights. Click on a block to see how many
# weights it has, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("encoder", "decoder"))

# %% [markdown]
# **You will be able to**
# - find a mistake in the set-up within a minute, before you train for an hour;
# - say what the learning rate, `clipnorm` and frozen layers do, and compute the rate at any step;
# - read training curves, and keep the right epoch;
# - continue a training that was killed;
# - compare two recipes fairly.
#
# **Time:** 110 minutes to work through; the computer needs {{ceil(memory["06"].wall_seconds / 60)}} of them on two CPU
# cores of a recent server, most of them in sections 7 and 12. If training is new to you, take half an hour more, in two
# evenings. A good place for a break is after section 7, while the network trains. A laptop may take longer. The *stored
# page* is this lesson as it was before you ran it. Section 1 prints how many seconds it took. If your number is twice
# the number on the stored page, everything takes twice as long. Python takes up to {{memory["06"].peak_gib:.1f}} GiB of
# memory. If your machine has little memory, as Binder's have, first shut down the other notebooks that run (the square
# in JupyterLab's left bar).
#
# **You need:** [04 The U-Net](04_the_u_net.ipynb) and [05 Losses and metrics](05_losses_and_metrics.ipynb). And you
# should know what a [gradient](../docs/glossary.md#gradient) is: it says for each weight in which direction the loss
# rises, and how steeply. To train means to go the other way. (At home,
# [3Blue1Brown](https://www.3blue1brown.com/lessons/gradient-descent) shows gradient descent in a film.)

# %% [markdown]
# ## 1. Four photos by heart
#
# Before a training that takes long, make a test that takes a minute. Give the network four photos and let it learn
# these four by heart. There is no augmentation and there are no new people, so the task is as easy as possible. The
# decoder alone has more than a million weights, which is enough to remember four masks. If the network fails at this
# task, something is connected wrongly, and more photos will not help.

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
# None of the four photos shows a test person: the test persons are used once, at the end. With four photos and batches
# of four, one epoch is one step:

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
# The network knows these four photos. How well it does on a fifth photo was not the question. The question was whether
# the network can learn at all: whether the loss, the gradients and the weights are connected. The test does **not**
# tell you that the masks are right. Inverted masks, or masks of other photos, can be learned by heart as well. To find
# wrong masks, look at the picture above, and use the checks of lessons 01 and 02.
#
# Now make a mistake on purpose. Give the network masks with 0 and 255, as a file reader may return them.

# %%
wrong = model.fit(images, masks * 255, batch_size=4, epochs=5, verbose=0).history
print("loss:", [round(loss, 1) for loss in wrong["loss"]])
assert wrong["loss"][-1] < 0

# %% [markdown]
# There is no error message, and the loss falls. But it falls **below zero**. With masks of 0 and 1 this is impossible:
# neither a Dice loss nor a cross-entropy is ever negative, and so their sum is not negative either.
#
# The next table says what the test with four photos can tell you:
#
# | what you see | what to look for |
# |---|---|
# | the loss does not change | no weight can be trained (`len(model.trainable_variables)`), or the rate is 0 |
# | it jumps up and down, or becomes nan | the rate is too high, or there is a nan in a batch |
# | it falls below zero | masks that are not 0 and 1 |
# | it falls, but very slowly | the photos were divided by 255 before the network got them. The network's first layer still subtracts the mean colour, so the encoder sees nearly black photos. (Lesson 03 left this layer out, so there the photos looked grey.) |
# | it falls, then stays well above zero | the design limits the score: an answer at half the size (lesson 04), grey masks (lesson 02) |
# | the IoU in `fit` is near 1, but the masks of `predict` are poor | the stored mean and variance of batch norm have not followed yet: train for more steps, or take a smaller `momentum` (lesson 04) |
#
# Here are the losses of three such tests (made up). Which row of the table is each?
#
# - A: 1.62, 1.62, 1.62, 1.62, 1.62, 1.62
# - B: 1.62, 0.98, 1.87, 1.10, nan, nan
# - C: 1.62, 1.05, 0.61, 0.42, 0.40, 0.40
#
# <details>
# <summary>The three rows</summary>
#
# A is the first row: nothing learns. B is the second: the rate is too high, or a batch has a nan. C is the fifth: the
# design limits the score, or the masks are grey.
#
# </details>
#
# If you cannot wait for a real training, start it now. In section 7, select the cell that contains `watch_training`,
# and choose *Run All Above Selected Cell*. Then run the selected cell itself. While it trains, no other cell of this
# notebook answers. So read sections 2 to 6 meanwhile, and do the exercises afterwards.

# %% [markdown]
# ## 2. How long each step is
#
# How does Keras compute the gradient of ten million weights? It begins at the loss: how much does the loss change if
# the answer of the last layer changes a little? From this, Keras computes how much the loss changes if the answer of
# the layer before changes a little. So it goes back from layer to layer, until it comes to the first layer that is not
# frozen. At each layer, it also computes how much the loss changes if a weight of this layer changes a little. This way
# of computing is called **backpropagation**. One pass back takes about twice as long as one pass forward, and gives all
# gradients at once.
#
# The gradient says for each weight in which direction the loss rises, so a step goes the other way. How far? This is
# the work of the **[optimiser](../docs/glossary.md#optimiser)**. The simplest optimiser is gradient descent: the weight
# $w$ moves by minus the gradient $g$ times a number $\eta$, the **[learning rate](../docs/glossary.md#learning-rate)**.
#
# $$w \leftarrow w - \eta \, g$$
#
# The course uses *AdamW*. For each weight, it takes a mean of the last gradients, in which the newest gradients count
# most. It divides this mean by the usual size of the weight's gradients. The mean makes the steps less noisy. Because
# of the division, a weight moves in one step by about the learning rate at most, however large the loss is. (There is
# one exception, in the box.)
#
# <details>
# <summary>Adam in formulas (you do not need them for the rest of the course)</summary>
#
# For each weight, Adam keeps two running means, the mean $m$ of the gradients and the mean $v$ of their squares:
#
# $$m \leftarrow \beta_1 m + (1 - \beta_1) \, g \qquad v \leftarrow \beta_2 v + (1 - \beta_2) \, g^2 \qquad w \leftarrow w - \eta \, \frac{\hat m}{\sqrt{\hat v} + \epsilon}$$
#
# By default $\beta_1 = 0.9$ and $\beta_2 = 0.999$. The hats mean that $m$ and $v$ are divided by $1 - \beta_1^t$ and
# $1 - \beta_2^t$ at step $t$, because both begin at 0. The small number $\epsilon$ avoids a division by zero. If one
# gradient is far larger than all before, the step is $(1 - \beta_1) / \sqrt{1 - \beta_2} \approx 3.2$ times the rate.
#
# The *W* stands for [weight decay](../docs/glossary.md#weight-decay): every step also takes a small share off each
# weight, $w \leftarrow w - \eta \lambda w$, so that no weight grows without a reason. With the course's
# $\lambda = 10^{-4}$ this share is next to nothing: in a whole training, less than a ten-thousandth of a weight. Longer
# trainings use 0.01 or more, and often leave out biases and batch norms.
#
# </details>
#
# How large should the rate be? Large steps are fast. Small steps end closer to the best weights. So begin with large
# steps and end with small steps. The course lets the rate fall along a cosine. The very first steps are an exception:
# Adam has seen few gradients, and its means are not reliable yet. So the rate first rises from nearly zero. This rise
# is called **[warm-up](../docs/glossary.md#warm-up)**.
#
# In the next cell, `CosineDecay` begins at `peak / 100`. During `warmup_steps` it rises to `peak` (its
# `warmup_target`). Then it falls along a cosine, to `alpha` times the peak.


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
# The course trains in two stages (section 6 says why), and each stage has a schedule of its own. The second stage
# changes weights that have been trained before, so its rate is lower. (`1e-3` is Python for 0.001.)

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
# Must you choose the highest rate exactly? No. With a rate twice as high, the network is about as good. With half the
# rate, it is a little worse. In the [small test](../docs/glossary.md#small-test) (six epochs, nine persons of HGR1 whom
# the networks had never seen), the hand IoU is {{ablation["the recipe"].iou:.3f}} with the recipe's peak,
# {{ablation["rate twice as high"].iou:.3f}} with a peak twice as high, and {{ablation["rate half as high"].iou:.3f}}
# with half the peak ([results](../docs/results.md)). (Only the peak of the second stage was changed.)
#
# For a network of your own, try three rates, each a third of the one before. Train for an epoch or two with each rate.
# Take the highest rate with which the loss falls without jumps.
#
# <!-- holds: ablation["rate twice as high"].low < 0 < ablation["rate twice as high"].high and ablation["rate half as high"].high < 0 -->
#
# <details>
# <summary>As published: one rate to the end</summary>
#
# The article keeps one rate, 0.001, to the end. This rate is good at first. Later the steps are too long: the weights
# jump to and fro around the best weights.
#
# </details>

# %% [markdown]
# ## 3. Exercise: the rate at a step (warm-up)
#
# (The word in the heading means that this exercise is easy. The `warmup` below is the warm-up of section 2.)
#
# Write a function that returns the learning rate at a step. Steps are counted from 0. In the first `warmup` steps, the
# rate rises in a straight line from 0 to `peak`. Then it falls along half a cosine, from `peak` at the step `warmup` to
# 0 at the step `steps`. Half a cosine goes from 1 to -1 while its angle goes from 0 to π. You can use `np.cos` and
# `np.pi`.


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
# Sometimes a batch is unusual, and its gradient is ten times as long as the gradients of other batches.
# [`clipnorm=1.0`](../docs/glossary.md#clipnorm) sets a limit. If the norm (the length) of a gradient is above the
# limit, the gradient is shortened until its norm is the limit, and its direction stays the same:
#
# $$g \leftarrow g \cdot \min\left(1, \frac{\text{limit}}{\lVert g \rVert}\right)$$
#
# To see only the clipping, use plain gradient descent with a rate of 1. It moves a weight by minus its gradient. The
# gradient (6, 8) has the norm 10. What does clipping make of this gradient? And does clipping help against a
# [nan](../docs/glossary.md#nan)?

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
# With a nan, clipping makes things worse. If one number of a gradient is nan, the norm of the gradient is nan.
# Everything that is divided by nan becomes nan. So both weights are lost. If you find a nan, look for its source: first
# in the batches (`np.isfinite(batch).all()`), then in the loss, then in the rate. For example, if a photo has a single
# colour, and code stretches it from its minimum to its maximum, the result is 0 / 0.
#
# `clipnorm` is a guard. The course has not measured how much `clipnorm` helps in its recipe.

# %% [markdown]
# <details>
# <summary>As published: clipping against nan</summary>
#
# The article sets `clipnorm=1` because it "sometimes ... ended up with Nan value". There are two ways in which a nan
# can come into its batches. The code stretches each photo from its minimum to its maximum. And the last batch of an
# epoch has rows without a photo: these rows hold whatever was in memory (lesson 02).
#
# </details>
#
# Now roll a ball, by plain gradient descent. The ball stands on a steep wall, above a long valley. The lowest place is
# in the middle of the map. Each step goes down by the learning rate times the gradient. A rate of 1 is good in the
# valley. But on the wall the gradient is long. There, a rate of 1 throws the ball off the map with the first step. (A
# page that does not run shows only this case.) Now let the rate warm up over some steps, or clip the gradient: does the
# ball stay on the map? Then try the smallest rate: how far does the ball come?

# %%
hs.explore.roll_ball()

# %% [markdown]
# ## 5. Exercise: all gradients as one (stretch)
#
# `clipnorm` shortens the gradient of each weight array by itself. If one array has a long gradient and another a short
# one, only the long gradient is shortened. So the gradient as a whole changes its direction. (The course uses
# `clipnorm` all the same. Adam divides each weight's gradient by its usual size, so the direction changes anyway.)
#
# Write the other kind, which Keras calls `global_clipnorm`, and PyTorch `clip_grad_norm_`. `clip_together` takes a list
# of gradients, numpy arrays of any shapes, and a limit. It returns a list of arrays of the same shapes, in which **all
# numbers together** have at most the norm `limit`. If the gradients are short enough already, they stay as they are. Do
# not change the arrays that your function is given.


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
# The encoder has been trained before, and the decoder begins with random numbers. Suppose that you train both at once.
# Backpropagation begins at the loss, so the first gradients come *through* the random decoder before they reach the
# encoder. Such gradients may be large and nearly random, and destroy a part of what the encoder has learned. So the
# course trains in two stages:
#
# 1. **Frozen.** The encoder does not change. The decoder learns to use the encoder's features.
# 2. **[Fine-tuned](../docs/glossary.md#fine-tune).** The later blocks of the encoder learn as well, with a lower rate.
#    (With the profile quick, the first stage has 2 epochs, and this stage has 10.)
#
# Why not all blocks? The first blocks respond to edges and colours, which hands have in common with everything else.
# Besides, nothing before the first layer that learns needs a gradient, which saves memory and time. The course
# fine-tunes from `conv3_block1` on. (Many people use one stage in place of two, with a rate for the encoder that is ten
# times lower than the decoder's. The course has not measured this.)
#
# What is each stage worth? The same small test has measured this:
#
# | what is trained | hand IoU |
# |---|---|
# | both stages, with a peak rate of 0.001 and then of 0.0006 | {{ablation["the recipe"].iou:.3f}} |
# | never frozen, with a peak rate of 0.0006 for all | {{ablation["never frozen"].iou:.3f}} |
# | frozen to the end, in half the time | {{ablation["encoder frozen throughout"].iou:.3f}} |
# | fine-tuned from `conv4_block1` on, a fifth cheaper | {{ablation["encoder fine-tuned from conv4"].iou:.3f}} |
#
# Only the second row is clearly worse than the first. (A part of this difference may come from the decoder's lower
# rate.) Nine persons are too few to tell whether the other two rows are worse ([results](../docs/results.md)). So on a
# slow computer, the last row is a good choice.
#
# <!-- holds: ablation["never frozen"].high < 0 and ablation["encoder frozen throughout"].low < 0 < ablation["encoder frozen throughout"].high -->
# <!-- holds: ablation["encoder fine-tuned from conv4"].low < 0 < ablation["encoder fine-tuned from conv4"].high -->
# <!-- holds: 0.45 < ablation["encoder frozen throughout"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.6 -->
# <!-- holds: 0.7 < ablation["encoder fine-tuned from conv4"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.85 -->
#
# Remember two points of [lesson 03](03_the_encoder.ipynb). Freeze first, *then* compile. And while you fine-tune, do
# not let the stored mean and variance of batch norm change. The course's encoder sees to this, and section 7 checks it.

# %% [markdown]
# ## 7. The loop
#
# Now you have all the parts. At the beginning of each stage, freeze and compile. In each
# [epoch](../docs/glossary.md#epoch), train, and compute the score on the validation persons. If the score is the best
# so far, keep the weights. This is the whole recipe:


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
# The loop of `train_unet` does four things:
#
# 1. At the first epoch of each stage, it freezes and compiles (`begin_stage`).
# 2. It trains for one epoch: `fit` returns the mean loss and the mean IoU.
# 3. It scores the validation persons, with `evaluate`.
# 4. If their IoU is the best so far, it keeps a copy of the weights.
#
# A [callback](../docs/glossary.md#callback) is an object whose functions `fit` calls at certain moments. The callback
# in the loop tells the batches which epoch begins. The loop calls `fit` for one epoch at a time, so that you see every
# step. In your own code, call `fit` once, with `validation_data`, and with a callback that keeps the best weights:
# `ModelCheckpoint(path, monitor="val_iou", mode="max", save_best_only=True)`. All three options are needed. Without
# them, this callback watches the loss, and saves every epoch.
#
# <details>
# <summary>Why a callback, and not a line before fit?</summary>
#
# Keras calls the batches' `on_epoch_end` once before the first epoch. If a line before `fit` had set the epoch, this
# call would move the batches on to the next epoch.
#
# </details>
#
# `hs.fit` does the same as this loop. It also draws a progress bar, stops early, and can continue after it was killed.
# Section 10 compares `hs.fit` with the loop. `hs.explore.watch_training` draws the curves and the mask of one photo
# after each epoch.
#
# Before you start the training, write down a guess: which IoU will the network reach on people whom it has not seen?
#
# With the profile quick, the training takes a few minutes. While it runs, no other cell of this notebook answers. If a
# check seems to hang, it only waits. Meanwhile, read the beginning of section 8, and write down your epoch.

# %%
keras.utils.set_random_seed(0)
model = hs.build_unet(profile.size)
encoder = model.get_layer("encoder")
before = [weights.copy() for weights in encoder.get_weights()]
watch = hs.explore.watch_training(split.val[0])
history = hs.fit(model, train, val, profile.epochs, profile.frozen_epochs, callbacks=[watch])
print(f"{len(history.rows)} epochs, best: epoch {history.best['epoch'] + 1}, IoU {history.best['val_iou']:.2f}")

# %% [markdown]
# Did the right weights change, and did the others stay as they were? The next cell checks this, and shows how far the
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
# This is how to read such curves. You will not see each of these signs in your own curves. On the stored page, both
# losses fall. The validation is at times better than the training. And the validation score goes up and down.
#
# - **Both losses fall together:** the network is learning, and more epochs may help.
# - **The training loss still falls, but the validation loss rises and the validation IoU falls:** the network begins to
#   know the training persons by heart. This is called [overfitting](../docs/glossary.md#overfitting). Keep the epoch
#   before this begins. More people or more augmentation help.
# - **Both losses stay high:** the rate is too low, there are too few steps, or the design limits the score.
# - **The loss is still high, but the masks are good:** the probabilities are soft, for example 0.1 where they should
#   be 0. The masks are cut at 0.5, so they do not show this. With more epochs the loss would fall, but the IoU would
#   hardly rise.
# - **The validation is better than the training:** this is normal. The training photos are augmented, which makes them
#   harder. And the training score is a mean over an epoch in which the network was still improving.
# - **A dent where the shaded part begins:** the encoder begins to change, and the decoder has to adapt. (Often you
#   hardly see such a dent.)
# - **The validation score goes up and down:** there are only two validation persons. A change that is smaller than this
#   up and down means nothing.

# %% [markdown]
# With the slider you can go back through this training. Between which two epochs does the mask change most?

# %%
hs.explore.replay_training(watch)

# %% [markdown]
# ## 8. Which epoch to keep
#
# After each epoch you have a network. Which of these networks do you keep? Here are twelve epochs of a longer training,
# with made-up numbers. Epochs are counted from 1, as in the curves above. Write down which epoch you would keep.

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
# would keep epoch 12 here, because after epoch 12 the network knows the training persons best. So choose by the
# validation persons.
#
# **By which number?** You want good outlines, so choose by IoU. A loss also depends on how *sure* the network is. So
# the loss can rise while the outlines still improve.
#
# **When to stop?** A better epoch may come after a worse epoch, so wait for a few epochs. The number of epochs that you
# wait is called the **[patience](../docs/glossary.md#patience)**. With a patience of 3, this training stops after three
# epochs in a row without a new best, at epoch 9. It never reaches the better epoch 11, and nobody could have known that
# a better epoch would come. If the rate falls along a cosine, there is one more reason to wait: the best epochs usually
# come at the end, when the rate is small. So with such a rate, let the training run to its end, and then take the best
# epoch.
#
# **Higher or lower?** Keras can stop a training early, with the callback `EarlyStopping`. Tell it that a higher IoU is
# better: `monitor="val_iou", mode="max"`. With `mode="min"`, it would take the very first epoch for the best. Also
# write `restore_best_weights=True`. Otherwise you have the weights of the last epoch when the training stops.
#
# In your own short training, this choice matters little. Apart from a dip, its last epochs are about equally good,
# because nothing has had time to go wrong.
#
# **And the test persons?** Suppose that you choose the epoch by the score on the test set. What is wrong with this
# score? Imagine a thousand trainings of 20 epochs each. In truth, all epochs are equally good: their IoU is 0.90. But
# each measured score is off by about 0.01. For each training, the best epoch is reported:

# %%
rng = np.random.default_rng(0)
measured = 0.90 + 0.01 * rng.standard_normal((1000, 20))
print(f"true IoU 0.90; reported, on average: {measured.max(axis=1).mean():.3f}")
assert 0.915 < measured.max(axis=1).mean() < 0.922

# %% [markdown]
# The reported score is nearly 0.02 too high, only because the best of 20 scores was chosen. In practice, the epochs of
# one training resemble each other. So the error is smaller, but nobody can tell you how small. If you have used a set
# of photos to choose anything, it is no test set any more. This is why there are three parts. Use the validation
# persons to choose. Use the test persons once, at the end.
#
# <details>
# <summary>As published: how the article chooses</summary>
#
# The article keeps the epoch with the lowest training loss, by a [checkpoint](../docs/glossary.md#checkpoint):
# `ModelCheckpoint(monitor="loss")`. And it passes its *test* set to `fit` as validation data, and stops the training by
# the score on this set. So no photo is left that was used for no choice.
#
# </details>

# %% [markdown]
# ## 9. Exercise: the epoch to keep (core)
#
# Write a function that takes rows as above and a patience. It returns two epochs, counted from 1: the epoch to keep,
# and the epoch at which the training stops. The training stops after `patience` epochs in a row without a new highest
# validation IoU. If this never happens, it stops at the last row. Rows after the stop are never seen, so their epochs
# cannot be kept. For the twelve epochs above and a patience of 3 the answer is `(6, 9)`.


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
# Colab ends after a while, and laptops run out of power. A long training must survive this. To continue as if nothing
# had happened, what has to be on the disk?
#
# - the weights of the last epoch, and the weights of the best epoch;
# - the state of the **optimiser**: its running means, and the number of steps, because the learning rate depends on it;
# - the rows so far.
#
# For the batches the number of the epoch is enough, because each augmented photo depends only on the seed, the epoch
# and the sample (lesson 02).
#
# `hs.fit` writes all this to the folder `out` after each epoch. Try it with a small network, whose encoder has three
# convolutions. The size of the network makes no difference here:


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
# Then run the library's `hs.fit`, with a callback that interrupts it after the first batch of the fourth epoch:

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
# The disk holds the third epoch, and also the best epoch if the third is not the best. (In names of files, Python
# counts from 0: the third epoch is `epoch-002`.) The fourth epoch is lost. Now build everything anew, with other random
# weights, and make the same call:

# %%
_, fresh, _ = small_training()
keras.utils.set_random_seed(99)
resumed = hs.fit(small_unet(), fresh, val, epochs=4, frozen_epochs=2, out=out)
names = ["epoch", "loss", "iou", "val_loss", "val_iou"]
both = [pd.DataFrame(rows_)[names].assign(epoch=range(1, 5)) for rows_ in (uninterrupted, resumed.rows)]
assert np.allclose(*both, atol=0.001)
pd.concat(both, axis=1, keys=["your loop, uninterrupted", "hs.fit, killed and resumed"]).round(3)

# %% [markdown]
# The table and the assert show two things. Your loop and the library's do the same. And a training that was killed ends
# like a training that was not. If the state of the optimiser were not on the disk, the learning rate would begin again
# with a warm-up, and the assert would fail.

# %% [markdown]
# ## 11. People whom it has never seen
#
# Now you have chosen everything that there is to choose, so it is time for the test persons. `hs.evaluate` scores every
# photo at its own size.

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
# Compare the IoU with your guess. Then look at the persons: how different are their scores? These differences tell you
# more about a fourth person than the third digit of the mean.
#
# This network is yours. Keep it: in lesson 07 you can try it on a photo, beside the course's network. The next cell
# writes your network into one file in the course's cache, on the machine that runs this notebook.
# `hs.my_network.forget()` removes the file. (On the stored page the network is not kept, because a program made that
# page.)
#
# <details>
# <summary>Faster on some processors: bfloat16</summary>
#
# Most of the time goes into multiplications of float32 numbers. [`bfloat16`](../docs/glossary.md#bfloat16) needs half
# the bytes, and has fewer digits. If the processor has instructions for bfloat16, training is faster. If it has none,
# training is much slower. `hs.machine.fast_dtype()` finds out which is the case. The policy `mixed_bfloat16` computes
# in bfloat16 and keeps the weights in float32, because the small steps of a training would be lost otherwise. To use
# it, call `keras.config.set_dtype_policy(hs.machine.fast_dtype())` before you build a model. The command
# `python -m handseg_lib train` does this.
#
# Older GPUs have only `float16` as a short format. In float16, very small gradients become 0. So the loss is multiplied
# by a large number before the gradients are computed, and the gradients are divided by this number (*loss scaling*).
# Keras does this with `mixed_float16`, and PyTorch with `torch.amp.GradScaler`.
#
# </details>

# %%
kept = hs.my_network.keep(model)
print("kept" if kept else "not kept: HANDSEG_MY_NETWORK says none")

# %% [markdown]
# One hand is left: yours. Here is the mask that your network gives for the photo of your hand from lesson 00. (If you
# gave the course no photo, you see a test person's hand.) Your photo has no true mask, and so no score. Look yourself:
# are all fingers in the mask, and is anything in the mask that is no hand? Do not expect too much: your network has
# learned only for minutes. Lesson 07 shows what the course's network makes of the same photo.

# %%
photo = hs.my_hand.load(split.test[-1].read()[0])
hs.explore.draw_photo(photo, hs.Predictor(model)(photo), 0.5, "by your own network")

# %% [markdown]
# ## 12. Two recipes side by side
#
# How do you compare two recipes fairly? Before you read on, write down three things that must be the same for both.
#
# Take the course's recipe, and the recipe of the article from which the course grew. `hs.as_published` is the article's
# recipe with the smallest change that makes it run. Give both recipes the same people, the same photos and the same
# number of epochs, and score both networks in the same way. (This takes longer than the training of section 7, and
# again no other cell answers meanwhile. You can leave out the cells of this section: the stored page has the table and
# the curves.)

# %%
from tqdm import tqdm

model.compile()  # its training is over: let go of its memory, such as Adam's two numbers for each weight
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
# for the article's recipe. On the real photos, each recipe was trained for as many epochs as it was made for. There the
# gap is smaller, but still large ([results](../docs/results.md)):
#
# | on HGR1, each trained once | the article's, 20 epochs | ours, 8 epochs |
# |---|---|---|
# | test IoU | {{time_to_quality.article_test_iou:.3f}} | {{time_to_quality.ours_128_test_iou:.3f}} |
#
# <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "article"]) == 20 -->
# <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "ours_128"]) == 8 -->
# <!-- holds: time_to_quality.ours_128_test_iou - time_to_quality.article_test_iou > 0.05 -->

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
# - **One training each.** With another seed the scores are different. If two single trainings differ by 0.01, this
#   means little.
# - **The reason is not known.** The recipes differ in many things, and this table cannot tell which of these things
#   matter. To find out, change one thing at a time, and measure each change.
#
# <details>
# <summary>Which of the two is faster?</summary>
#
# On the real photos, the article's training takes {{time_to_quality.published_seconds_whole / 60:.0f}} minutes, and the
# course's {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128") / 60:.0f}}. But the article's
# photos have 224 pixels a side, and the course's 128. So the article's photos have three times as many pixels. And its
# training has 2.5 times as many epochs. So for each photo and pixel, the course's training is
# {{time_to_quality.published_seconds_whole / sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128") / (224 / 128) ** 2 / 2.5:.1f}}
# times as fast.
#
# </details>

# %% [markdown]
# ## 13. What you learned
#
# - Before a long training, let the network learn four photos by heart. A loss below zero is a sign of wrong masks. To
#   see whether each mask belongs to its photo, you have to look.
# - Begin with a warm-up, then use a high rate, then a low rate. In a step, Adam moves a weight by about the learning
#   rate at most.
# - Clipping shortens a gradient that is too long. Clipping does not remove a nan.
# - Freeze, then compile, then count what can learn. Compare the weights before and after.
# - Keep the epoch with the highest validation IoU (`mode="max"`).
# - If you have used a set of photos to choose anything, it is no test set any more.
# - To continue after a kill you need the weights, the optimiser, the rows, and batches that know their epoch.
# - Compare recipes on the same people with the same score, and say what the comparison does not show.

# %% [markdown]
# ## 14. Quiz

# %%
hs.quiz("06")

# %% [markdown]
# ## 15. Next
#
# A mean over persons hides where a network fails. [07 Exploring predictions](07_exploring_predictions.ipynb) looks at
# the photos one by one, and begins with the worst.
