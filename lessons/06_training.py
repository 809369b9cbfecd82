# %% [markdown]
# # 06 Training
#
# *The loss goes down in every training, also in those that teach the wrong thing. How do you know that yours goes well,
# when to stop it, and which of its networks to keep?*
#
# **You will be able to**
# - find a wiring mistake in a minute, before you train for an hour;
# - say what the learning rate, `clipnorm` and frozen layers do, and draw it;
# - read training curves, and keep the right epoch;
# - go on after a training was killed;
# - compare two recipes with the same ruler.
#
# **Time:** 75 minutes to work through; the computer needs {{ceil(memory["06"].wall_seconds / 60)}} of them on two CPU cores, most in sections 7 and
# 13.
#
# **You need:** [04 The U-Net](04_the_u_net.ipynb) and [05 Losses and metrics](05_losses_and_metrics.ipynb); for what a
# [gradient](../docs/glossary.md#gradient) is, [3Blue1Brown](https://www.3blue1brown.com/lessons/gradient-descent).

# %% [markdown]
# This is the whole network of the course. All that it learns lies in the two arms, in some ten million weights. Click on a
# block to see how many of them are there, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("encoder", "decoder"))

# %% [markdown]
# ## 1. Four photos by heart
#
# A training that takes minutes deserves a rehearsal that takes seconds. Give the network four photos and ask it to
# learn them by heart. No augmentation, no new people: it may cheat as much as it can. The decoder alone has over a
# million weights, enough to remember four masks. If they do not, something is wired wrong, and more photos will not
# mend it.

# %%
import keras

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
images, masks = hs.Batches(four, profile.size, batch_size=4)[0]

keras.utils.set_random_seed(0)
model = hs.build_unet(profile.size)
hs.encoder.freeze(model.get_layer("encoder"))
model.compile("adam", loss=hs.losses.dice_bce_loss, metrics=[hs.metrics.mean_iou()])

# %% [markdown]
# Three of the four are test persons. Here that does no harm, since this network is thrown away in a minute and no score
# of it is kept. One epoch is now one step:

# %%
steps = 12 * profile.epochs
by_heart = model.fit(images, masks, batch_size=4, epochs=steps, verbose=0).history
print(f"IoU on the four: first {by_heart['iou'][0]:.2f}, after {steps} steps {by_heart['iou'][-1]:.2f}")
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
# The network knows these four. What it makes of a fifth is not the question. The question was whether photos, masks,
# loss and optimiser are connected. Now disconnect something on purpose: hand over masks as a careless reader gives
# them, with 0 and 255.

# %%
wrong = model.fit(images, masks * 255, batch_size=4, epochs=5, verbose=0).history
print("loss:", [round(loss, 1) for loss in wrong["loss"]])
assert wrong["loss"][-1] < 0

# %% [markdown]
# No error. And the loss goes down beautifully. But it goes **below zero**, and a Dice loss plus a cross-entropy cannot:
# neither is ever negative if the mask is 0 or 1. You noticed because you know the range of the number. In an hour's
# training, with its curve scaled to fit the page, you might not have.
#
# What the rehearsal tells:
#
# | four photos | look for |
# |---|---|
# | the loss does not move | nothing to train (`len(model.trainable_variables)`), or a rate of 0 |
# | it jumps about, or becomes nan | too high a rate; nan in a batch |
# | it goes below zero | masks that are not 0 and 1 |
# | it falls, but as slowly as glue | input scaled twice: the encoder sees black photos (lesson 03) |
# | it falls, then stays well above zero | a ceiling: an answer at half the size (lesson 04), grey masks (lesson 02) |

# %% [markdown]
# ## 2. How far each step goes
#
# The gradient says for every weight which way is up, and so which way is down. The
# **[optimiser](../docs/glossary.md#optimiser)** decides how far to go. The course uses AdamW. *Adam* gives each weight
# a step of its own: it divides by how large this weight's gradients usually are, so a step is at most about as long as
# the **[learning rate](../docs/glossary.md#learning-rate)**, no matter how the loss is scaled. The *W* is [weight
# decay](../docs/glossary.md#weight-decay): every step also takes a tiny share off each weight, so that none grows
# without a reason.
#
# How large should the rate be? Large steps get there sooner, small ones arrive. So begin large and end small; a cosine
# does it smoothly. The very first steps are the exception. Adam has seen no gradients yet and does not know what is
# usual. So the rate is raised from near zero first: a **[warm-up](../docs/glossary.md#warm-up)**.


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
# The course trains in two stages (section 6 says why), each with a schedule of its own. The second one is gentler: it
# touches weights that already know something.

# %%
import numpy as np

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
# The article keeps one rate, 0.001, to the end. That is a fine beginning and a poor end: steps of that length keep
# jumping over the valley's floor.
#
# And how exact must the peak be? On HGR1 small networks, judged on nine persons they had never seen, came in six epochs
# to a hand IoU of {{ablation["the recipe"].iou:.3f}}. With a peak twice as high it was {{ablation["rate twice as high"].iou:.3f}}; with half
# of it, {{ablation["rate half as high"].iou:.3f}}
# ([results](../docs/results.md)). (The first stage's peak was not varied.) So look for the right power of two, and no
# closer.
# <!-- holds: ablation["rate twice as high"].low < 0 < ablation["rate twice as high"].high and ablation["rate half as high"].high < 0 -->
#
# Is the code above what the library does?

# %%
configs = []
for function in (compile_stage, hs.training.compile_stage):
    function(model, steps=100, peak=1e-3)
    configs.append(model.optimizer.get_config() | {"name": "adamw"})
assert configs[0] == configs[1]

# %% [markdown]
# ## 3. Exercise: the rate at a step (warm-up)
#
# You have seen the curve; now draw it yourself. Write a function that returns the learning rate at a step, counted from
# 0. In the first `warmup` steps it rises in a straight line from 0 to `peak`. Then it falls along half a cosine, from
# `peak` at step `warmup` to 0 at step `steps`. Half a cosine goes from 1 to -1 while its angle goes from 0 to π; `np.cos`
# and `np.pi` are at hand.


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
# Keras's `CosineDecay`, as the course calls it (`peak / 100`, `alpha=0.02`), does the same, but begins and ends a
# little above 0: a step with a rate of 0 would be a batch wasted.

# %% [markdown]
# ## 4. A gradient that is too long
#
# Now and then a batch is odd, and its gradient ten times as long as usual. [`clipnorm=1.0`](../docs/glossary.md#clipnorm)
# sets a limit: where the norm of a gradient, its length, is above 1, the gradient is divided by it. The direction stays.
# To see it bare, take plain gradient descent with a rate of 1, which moves a weight by minus its gradient. A gradient of (6, 8) has the norm 10:

# %%
weight = keras.Variable([0.0, 0.0])
optimizer = keras.optimizers.SGD(learning_rate=1.0, clipnorm=1.0)
moves = {}
for gradient in ([6.0, 8.0], [-2.0, 1.5], [0.5, -0.6]):
    weight.assign([0.0, 0.0])
    optimizer.apply([keras.ops.convert_to_tensor(gradient)], [weight])
    moves[tuple(gradient)] = -keras.ops.convert_to_numpy(weight)
    print(f"gradient {gradient}: norm {np.linalg.norm(gradient):4.1f}, clipped {moves[tuple(gradient)].round(2)}")
assert np.allclose(moves[6.0, 8.0], [0.6, 0.8])

# %%
fig, ax = hs.plots.figure(
    "Three gradients as grey arrows, and a circle of radius 1. What is left of them after clipping, blue arrows: those "
    "that leave the circle are cut at it, with their direction kept; the one inside is whole.",
    width=5,
    height=4,
)
for (x, y), clipped in moves.items():
    ax.annotate("", (x, y), (0, 0), arrowprops={"arrowstyle": "->", "color": hs.plots.GREY})
    ax.annotate("", clipped, (0, 0), arrowprops={"arrowstyle": "->", "color": hs.plots.BLUE, "lw": 2.5})

# %%
turn = np.linspace(0, 2 * np.pi, 100)
ax.plot(np.cos(turn), np.sin(turn), "--", color=hs.plots.ORANGE, label="norm 1")
ax.set(xlim=(-3, 7), ylim=(-2, 8.5), aspect="equal", xlabel="first weight", ylabel="second weight")
ax.legend()
fig

# %% [markdown]
# `clipnorm` looks at each weight array by itself; `global_clipnorm` takes all of them as one long gradient. With Adam
# the limit has another use, too. A single huge gradient would spoil its idea of what is usual, and a thousand steps
# after it would be too short.
#
# The article set it because it "sometimes ... ended up with Nan value". Would that help against a
# [nan](../docs/glossary.md#nan)? Ask:

# %%
weight.assign([0.0, 0.0])
optimizer.apply([keras.ops.convert_to_tensor([float("nan"), 8.0])], [weight])
print("clipped:", -keras.ops.convert_to_numpy(weight))
assert np.isnan(keras.ops.convert_to_numpy(weight)).all()

# %% [markdown]
# It makes things worse. The norm of a gradient with one nan is nan, and what is divided by nan is nan: now both weights
# are lost. Clipping can keep numbers from growing until they overflow. It cannot take a nan out of a batch, and the
# article's batches can hold some. It stretches each photo from its minimum to its maximum; think of a photo of one
# colour. And the rows past the last photo are whatever was in memory.

# %%
flat = np.full((4, 4, 3), 200.0)
with np.errstate(invalid="ignore"):
    stretched = (flat - flat.min()) / (flat.max() - flat.min())
print("a photo of one colour, stretched:", np.unique(stretched))

# %% [markdown]
# Where a nan appears, do not turn knobs. Look for where it was born: first in the batches, then in the loss, then in
# the rate. The first takes a moment. The course's batches cannot hold one: they are whole numbers, uint8, which know no
# nan. Yours may be floats:

# %%
for name, array in {"a batch of the course": train[0][0], "a photo of one colour, stretched": stretched}.items():
    print(f"{name}, {array.dtype}: all numbers finite: {np.isfinite(array).all()}")
assert np.isfinite(train[0][0]).all() and not np.isfinite(stretched).any()

# %% [markdown]
# Now roll the ball. It stands on a steep wall, above a long valley; the lowest place is in the middle of the map. Each
# step goes down by the learning rate times the gradient. The rate 1 suits the valley. On the wall, where the gradient is
# long, it throws the ball off the map. Let the rate warm up over some steps, or clip the gradient: does it stay? Then try
# the smallest rate, and count how far it comes. (This is plain gradient descent. Adam's steps are shorter on a wall, and
# a wall can throw it, too.)

# %%
hs.explore.roll_ball()

# %% [markdown]
# ## 5. Exercise: all gradients as one (stretch)
#
# `clipnorm` cuts each weight array's gradient by itself. That keeps each one's direction, but not that of the whole
# step: a long one is cut and its short neighbour is not. Write the other kind. `clip_together` takes a list of
# gradients, numpy arrays of any shapes, and a limit. It returns a list of the same shapes, in which **all numbers
# together** have at most the norm `limit`. If they are short enough already, they stay as they are. The arrays that
# were handed in are not changed.


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
# The encoder comes with knowledge, the decoder with random numbers. Train both at once, and the first gradients reach
# the encoder *through* the random decoder: wild, and about nothing. They can spoil in a few steps what took a million
# photos. So:
#
# 1. **Frozen.** The encoder stands still, the decoder learns to read its features.
# 2. **[Fine-tuned](../docs/glossary.md#fine-tune).** The encoder's later blocks learn as well, with a gentler rate.
#
# Why not all blocks? The first ones see edges and colours, and hands have the edges and colours of everything else. The
# later ones know fur, wheels and keyboards, and may well turn to fingers. And what stands still needs no gradient,
# which saves memory and time. How much is left to learn, from which block on?

# %%
import math

import pandas as pd

counts = {}
for train_from in (None, "conv4_block1", "conv3_block1", "conv2_block1"):
    hs.encoder.freeze(model.get_layer("encoder"), train_from)
    counts[train_from or "frozen"] = sum(math.prod(w.shape) for w in model.trainable_variables)
assert list(counts.values()) == sorted(counts.values()) and len(set(counts.values())) == 4
pd.Series(counts, name="numbers that learn").map("{:,}".format).to_frame()

# %% [markdown]
# The course fine-tunes from `conv3_block1`. That leaves out few weights, but those of the largest feature maps, whose
# gradients cost most.
#
# What is each stage worth? The small networks of section 2 came to {{ablation["the recipe"].iou:.3f}} with both. Without the
# first, never frozen, it was {{ablation["never frozen"].iou:.3f}}; without the second, frozen throughout,
# {{ablation["encoder frozen throughout"].iou:.3f}}, in half the time. Fine-tuned from `conv4_block1` on they came
# to {{ablation["encoder fine-tuned from conv4"].iou:.3f}}, which is hardly worse, and a fifth cheaper. On a slow computer that is a good bargain. Only the first of
# these differences is clear: nine persons cannot tell the other two from none ([results](../docs/results.md)).
# <!-- holds: ablation["never frozen"].high < 0 and ablation["encoder frozen throughout"].low < 0 < ablation["encoder frozen throughout"].high -->
# <!-- holds: ablation["encoder fine-tuned from conv4"].low < 0 < ablation["encoder fine-tuned from conv4"].high -->
# <!-- holds: 0.45 < ablation["encoder frozen throughout"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.6 -->
# <!-- holds: 0.7 < ablation["encoder fine-tuned from conv4"].cpu_seconds / ablation["the recipe"].cpu_seconds < 0.85 -->
#
# You know three traps here from [lesson 03](03_the_encoder.ipynb). Freeze, *then* compile. Count what learns: the
# article's `==` froze everything for good. And batch norm's kept mean and variance must stand still while its block is
# fine-tuned. To write `training=False`, as is often advised, does not achieve it: `fit` moves them all the same. The
# course's encoder is built so that they cannot move. You need not believe that: section 7 looks, after the real
# training.

# %% [markdown]
# ## 7. The loop
#
# Everything is there. This is the whole recipe: at the beginning of a stage, freeze and compile; then,
# [epoch](../docs/glossary.md#epoch) by epoch, train, look at the validation persons, and remember the weights if they were the best so far.


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
# Why a callback tells the batches which epoch it is, and not a line before `fit`? Because Keras tells them that an epoch
# has ended before the first has begun, and they would go on to the next.
#
# `hs.fit` does the same, and besides draws a progress bar, stops early, and can go on after a kill. Section 10 holds the
# two to the same numbers. To see it learn, give it `callbacks=[hs.explore.watch_training(val.samples[0])]`: the curves
# and one photo's mask are then drawn anew after every epoch.
#
# Now train. Write down before you run it: which IoU do you expect on people that the network has not seen? (This takes a
# few minutes with the profile quick.)

# %%
keras.utils.set_random_seed(0)
model = hs.build_unet(profile.size)
encoder = model.get_layer("encoder")
before = [weights.copy() for weights in encoder.get_weights()]
watch = hs.explore.watch_training(split.val[0])
history = hs.fit(model, train, val, profile.epochs, profile.frozen_epochs, callbacks=[watch])
print(f"{len(history.rows)} epochs, best: epoch {history.best['epoch'] + 1}, IoU {history.best['val_iou']:.2f}")

# %% [markdown]
# Did what should move move, and what should stand still stand still? First the question of yes or no, then how far: the
# change of each weight array, as a share of its size.

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
shares = change[~change.kept].groupby("stage").share.median()

# %%
fig, ax = hs.plots.figure(
    "How far the encoder's weights moved, by stage: conv1 and conv2 not at all, conv3 and conv4 by a small share.",
    width=5,
    height=2.2,
)
ax.barh(shares.index, 100 * shares, color=hs.plots.BLUE)
ax.invert_yaxis()
ax.set_xlabel("median change of a weight array, % of its norm")
fig

# %% [markdown]
# The later blocks have turned a little. Their weights moved by a few per cent, and that is enough to get from keyboards
# to fingers; it is fine-tuning, after all.

# %% [markdown]
# Now the curves. The shaded part is the second stage.

# %%
hs.plots.curves(history)

# %% [markdown]
# How to read them:
#
# - **Both losses fall, side by side:** it is learning, and could learn on.
# - **The training loss goes on falling, the validation loss turns up and the validation IoU down:** it begins to know
#   the training persons by heart. This is [overfitting](../docs/glossary.md#overfitting). Keep the epoch before; more
#   people or more augmentation help.
# - **Both losses stay high:** too small a rate, too few steps, or a ceiling.
# - **Validation is better than training:** no cause for joy or alarm. The training photos are augmented, which makes
#   them harder, and the training figure is a mean over an epoch in which the network was still getting better.
# - **A dent where the shading begins:** the encoder starts to move, and the decoder has to find its way again.
# - **Validation zigzags:** there are two validation persons. A step up or down within the zigzag's height means
#   nothing.

# %% [markdown]
# The slider goes back through this training. Where does the mask change most from one epoch to the next?

# %%
hs.explore.replay_training(watch)

# %% [markdown]
# ## 8. Which epoch to keep
#
# Each epoch leaves a network behind. Which one is yours? There are many numbers to choose by. Six rules, and the epoch
# that each would keep:

# %%
rules = {
    "the last": history.rows[-1],
    "lowest training loss (the article)": min(history.rows, key=lambda row: row["loss"]),
    "highest training IoU": max(history.rows, key=lambda row: row["iou"]),
    "lowest validation loss": min(history.rows, key=lambda row: row["val_loss"]),
    "lowest validation IoU (wrong mode)": min(history.rows, key=lambda row: row["val_iou"]),
    "highest validation IoU (the course)": max(history.rows, key=lambda row: row["val_iou"]),
}
kept = {name: {"epoch": row["epoch"] + 1, "its validation IoU": f"{row['val_iou']:.3f}"} for name, row in rules.items()}
pd.DataFrame(kept).T

# %% [markdown]
# In a short training all but the wrong mode may well keep equally good networks, for nothing has had the time to go
# wrong. In a long one they part. Here are twelve epochs, made up so that every case is in them:

# %%
columns = {
    "loss": [0.60, 0.48, 0.40, 0.34, 0.29, 0.25, 0.22, 0.19, 0.17, 0.15, 0.13, 0.12],
    "iou": [0.58, 0.70, 0.77, 0.82, 0.85, 0.88, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95],
    "val_loss": [0.55, 0.43, 0.36, 0.37, 0.39, 0.37, 0.40, 0.42, 0.45, 0.47, 0.46, 0.50],
    "val_iou": [0.60, 0.74, 0.80, 0.79, 0.78, 0.84, 0.83, 0.82, 0.81, 0.80, 0.86, 0.83],
}
rows = pd.DataFrame(columns).to_dict("records")

# %%
fig, ax = hs.plots.figure(
    "Made-up curves of twelve epochs. Training IoU rises to the end. Validation IoU is best at epoch 5, falls for four "
    "epochs, peaks at 10 and falls. With patience 3 training ends at 8.",
    height=2.8,
)
ax.plot(columns["iou"], color=hs.plots.BLUE, marker="o", label="training IoU")
ax.plot(columns["val_iou"], "--", color=hs.plots.VERMILION, marker="s", label="validation IoU")
ax.axvline(5, color=hs.plots.GREEN, label="kept")
ax.axvline(8, color=hs.plots.GREY, linestyle=":", label="stopped, patience 3")
ax.set(xlabel="epoch, counted from 0", ylabel="IoU")
ax.legend(fontsize=8)
fig

# %% [markdown]
# **By whom to choose.** The training loss is about people whom the network trains on. The article's
# [checkpoint](../docs/glossary.md#checkpoint), `ModelCheckpoint(monitor="loss")`, would keep epoch 11 here, the one that knows them best. Choose by the validation
# persons. How would you have noticed? Ask of every number that decides something: whose photos is it from?
#
# **By what.** You want outlines, so choose by IoU. A loss also counts how *sure* the network is, and can rise while the
# outlines still get better.
#
# **When to stop.** A better epoch may come after a worse one, so wait for a few. How many is the
# **[patience](../docs/glossary.md#patience)**. With a
# patience of 3, the training above ends after three epochs without a new best, at epoch 8. The peak at epoch 10 is
# never seen: that is the price, and nobody knows it at the time.
#
# **Higher or lower?** Keras has a [callback](../docs/glossary.md#callback) for this, `EarlyStopping`. Feed it the made-up rows, and tell it the wrong
# mode:


# %%
def stop_early(rows, mode):
    callback = keras.callbacks.EarlyStopping(monitor="val_iou", mode=mode, patience=3)
    callback.set_model(keras.Sequential())
    callback.on_train_begin()
    for epoch, row in enumerate(rows):
        callback.on_epoch_end(epoch, row)
        if callback.stopped_epoch:
            break
    return f"best {callback.best:.2f}, stopped at epoch {epoch}"


{mode: stop_early(rows, mode) for mode in ("min", "max")}

# %% [markdown]
# With `mode="min"` the very first epoch is the best there ever was, and training ends almost before it began. Without a
# mode, older versions of Keras guess `min` for a metric they do not know; newer ones stop and ask. `monitor="val_iou"`
# needs `mode="max"`: say it always.
#
# **And the test persons?** The article hands its *test* set to `fit` as validation data, and lets it decide when to
# stop. Nothing is then left that is truly unseen. What is wrong with a score on a set that has chosen the epoch?
# Imagine a thousand trainings. Each has 20 epochs that are equally good, IoU 0.90; the measured score wobbles by 0.01.
# Each reports its best epoch:

# %%
rng = np.random.default_rng(0)
measured = 0.90 + 0.01 * rng.standard_normal((1000, 20))
print(f"true IoU 0.90; reported, on average: {measured.max(axis=1).mean():.3f}")
assert 0.915 < measured.max(axis=1).mean() < 0.922

# %% [markdown]
# Nearly two points, made of nothing but choosing. A set that has decided anything is no test set any more. That is why
# there are three parts: the validation persons decide, the test persons are looked at once, at the end.

# %% [markdown]
# ## 9. Exercise: the epoch to keep (core)
#
# Write a function that takes rows as above and a patience, and returns two positions in the list, counted from 0: the
# epoch to keep, and the epoch at which training stops. It stops after `patience` epochs in a row without a new highest
# validation IoU; if that never happens, at the last row. Rows after the stop are never seen, so they cannot be kept.
# For the twelve epochs above and a patience of 3 the answer is `(5, 8)`.


# %%
def best_epoch(rows, patience):
    # <solution>
    keep = 0
    for epoch, row in enumerate(rows):
        if row["val_iou"] > rows[keep]["val_iou"]:
            keep = epoch
        if epoch - keep == patience:
            break
    return keep, epoch
    # </solution>


# %%
hs.check.best_epoch(best_epoch)

# %% [markdown]
# ## 10. Pull the plug
#
# Colab goes away after a while, laptops fall asleep, trains enter tunnels. A training of hours must survive that.
# What has to be on the disk so that it can go on as if nothing had happened?
#
# - the weights of the last epoch, and those of the best;
# - the **optimiser's** state: its running averages, and the step count, on which the learning rate depends;
# - the rows so far;
# - and the batches must know what comes next. Yours draw from (seed, epoch, sample), so the epoch's number is enough.
#
# `hs.fit` writes all that to the folder `out` after each epoch. Try it in small. What a kill does to a training does
# not hang on the size of the network, so here is one with an encoder of three convolutions, which is built in no time:


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
# First your own loop, without a power cut:

# %%
uninterrupted = train_unet(*small_training(), epochs=4, frozen_epochs=2)

# %% [markdown]
# And now the library's, with a callback that pulls the plug after the first batch of the fourth epoch:

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
# The third epoch is on the disk (its file counts from 0), with the best one if that is another; of the fourth, nothing.
# Now the restart. Everything is built anew, with random weights that have nothing to do with the lost ones. Then the
# same call again:

# %%
_, fresh, _ = small_training()
keras.utils.set_random_seed(99)
resumed = hs.fit(small_unet(), fresh, val, epochs=4, frozen_epochs=2, out=out)
names = ["epoch", "loss", "iou", "val_loss", "val_iou"]
both = [pd.DataFrame(rows_)[names] for rows_ in (uninterrupted, resumed.rows)]
assert np.allclose(*both, atol=0.001)
pd.concat(both, axis=1, keys=["your loop, uninterrupted", "hs.fit, killed and resumed"]).round(3)

# %% [markdown]
# One assert, two proofs: your loop and the library's do the same, and a training that was killed ends where one that
# was not does. Had the optimiser's state been left out, the learning rate would have warmed up again before the last
# epoch, and the assert would fail. (We tried.) In a real training you would see a dent in the curve, and wonder.

# %% [markdown]
# ## 11. People it has never seen
#
# Nothing more will be decided. So now, and only now, the test persons. `hs.evaluate` scores every photo at its own
# size.

# %%
report = hs.evaluate(model, split.test)
summary = report.summary()
all_hand = report.table.hand.mean()  # the IoU of an answer that calls every pixel hand
print(f"IoU {summary['iou']:.3f}, F1 {summary['f1']:.3f}; by calling everything hand: IoU {all_hand:.3f}")
assert summary["iou"] > all_hand
report.by("person").round(3)

# %%
hs.plots.predictions(hs.Predictor(model), four[:3])

# %% [markdown]
# Compare with what you wrote down. (A person's `boundary_px` is a mean over photos. The table in section 13 has the
# median of all.) And look at the persons' scores: how far apart are they? That distance says more
# about what to expect of a fourth person than the third digit of the mean.

# %% [markdown]
# This network is yours. Keep it: lesson 07 lets you try it on a photo, beside the course's. It becomes one file in the
# course's cache on the machine that runs this notebook, and `hs.my_network.forget()` removes it.

# %%
kept = hs.my_network.keep(model)
print("kept" if kept else "not kept: HANDSEG_MY_NETWORK says none")

# %% [markdown]
# ## 12. Aside: fewer digits, more speed
#
# Most of the time goes into multiplying float32 numbers. [`bfloat16`](../docs/glossary.md#bfloat16) has the same range in half the bytes, with fewer
# digits: 8 bits of precision in place of 24. Where the hardware has instructions for it, training is
# faster. Where it has not, it is far slower. The library looks it up:

# %%
print("fastest here:", hs.machine.fast_dtype())
digits = keras.ops.cast(keras.ops.convert_to_tensor([0.9, 0.99, 0.999]), "bfloat16")
print("0.9, 0.99 and 0.999 in bfloat16:", [float(d) for d in keras.ops.cast(digits, "float32")])

# %% [markdown]
# For features that is plenty. For a weight it is not: it would swallow the small steps of training. So the policy
# `mixed_bfloat16` computes in bfloat16 and keeps the weights in float32. Nor is it for a probability: 0.999 has become
# a flat 1. That the policy does not prevent, so the course gives its last layer, and its preprocessing,
# `dtype="float32"`. Before you build a model: `keras.config.set_dtype_policy(hs.machine.fast_dtype())`. The command
# `python -m handseg_lib train` does so.

# %% [markdown]
# ## 13. The article's recipe beside ours
#
# You have met the article's mistakes one by one. What do they cost together? `hs.as_published` is its recipe with the
# least change that makes it run, and has the same two functions. Give it the same people, the same photos and as many
# epochs. (It is the larger network; this takes some minutes as well.)

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
# Be fair when you read this:
#
# - **One ruler.** The table scores both by `hs.evaluate`. The recipes' own validation figures, in the curves, are not
#   quite comparable: the article's validation photos are flipped at random, and its last batch may be filled up with
#   empty rows.
# - **One length.** As many epochs are not as many seconds. The seconds are in the table, and along the axis of the
#   curves. A long stretch before the first epoch of a stage is the network being put together for it. That happens once
#   a stage, and weighs little in a long training. Elsewhere it is other work that the machine had to do.
# - **One kind of photo.** If yours are drawn, so is the gap. On HGR1 the article's recipe does better: after its 20
#   epochs at 224 pixels, {{time_to_quality.published_seconds_whole / 60:.0f}} minutes, it has an IoU of
#   {{time_to_quality.article_test_iou:.3f}} on the test persons. Ours has {{time_to_quality.ours_128_test_iou:.3f}}
#   there after eight epochs at 128 pixels,
#   {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128") / 60:.0f}} minutes, and
#   {{time_to_quality.ours_128_frozen_test_iou:.3f}} after two epochs with the encoder frozen,
#   {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128_frozen"):.0f}} seconds
#   <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "article"]) == 20 -->
#   <!-- holds: len([row for row in time_to_quality.rows if row.recipe == "ours_128"]) == 8 -->
#   ([results](../docs/results.md)).
# - **One training each.** Another seed gives another figure. A difference of a point between two single trainings means
#   little, and one between trainings of one or two epochs means nothing.
# - **Which mistake is it?** A table of two whole recipes cannot tell. For that, mend one thing at a time and measure
#   each.

# %% [markdown]
# ## 14. What you learned
#
# - Four photos by heart, before anything else. A loss below zero is a message.
# - Warm up, go fast, then slow down. Clipping limits a step; it does not heal a nan.
# - Freeze, then compile, then count what learns. Compare weights and statistics before and after.
# - Keep the epoch with the highest validation IoU (`mode="max"`), and stop when none gets better.
# - What has decided anything is no test set any more.
# - To go on after a kill: weights, optimiser, rows, and batches that know their epoch.
# - Compare recipes on the same people, with the same ruler, and say what the comparison cannot tell.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("06")

# %% [markdown]
# ## 16. Next
#
# A mean over persons hides where a network fails. [07 Exploring predictions](07_exploring_predictions.ipynb) looks at
# it photo by photo, worst first.
