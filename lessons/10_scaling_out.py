# %% [markdown]
# # 10 Scaling out
#
# *Your training takes minutes, on one machine. Somebody else has two hundred people to leave out, or a million photos.
# What do you gain by more workers and more machines, and where does the gain stop?*

# %% [markdown]
# This is the whole network of the course. In this lesson, several processes or machines each have a copy of the
# network. Click on a block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network()

# %% [markdown]
# **You will be able to**
# - say what a training costs, and try first what is cheap;
# - share work out among processes, and measure how much faster it becomes;
# - predict with Amdahl's law how much faster more workers would make it;
# - say how several devices train one network, and check on your own machine that it becomes the same network;
# - compute whether photos fit into memory, and read them from a file if they do not.
#
# **Who needs this lesson?** Whoever has many trainings, one that is very long, or very many photos. If you have one
# machine and some hundred photos, read section 1 and the table at the end of section 13. The
# [capstone](capstone.ipynb) does not need the rest.
#
# **Time:** 85 minutes to work through; the computer needs one of them on two CPU cores.
#
# **You need:** batches from [02 Batches and augmentation](02_batches_and_augmentation.ipynb), gradients and the
# learning rate from [06 Training](06_training.ipynb), and leave one person out from [08 Unseen
# people](08_unseen_people.ipynb).

# %% [markdown]
# ## 1. First what is cheap
#
# More machines cost money. A program that runs on several machines can also fail in more ways. So first ask what your
# training costs, and whether it could cost less. Most of the work is convolutions, and each kernel visits every place
# of every photo. So the work grows with the number of pixels:
#
# $$\text{work} \propto \text{epochs} \times \text{photos} \times \text{side}^2$$
#
# The sign $\propto$ means "grows in proportion to". So if you take half the side, the work is a quarter. How much IoU
# do you lose? Here is the course's recipe on two CPU cores, scored on HGR1's test persons:
#
# | training | seconds | IoU |
# |---|---|---|
# | 224 px | {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours"):.0f}} | {{time_to_quality.ours_test_iou:.3f}} |
# | 128 px | {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128"):.0f}} | {{time_to_quality.ours_128_test_iou:.3f}} |
# | 128 px, the encoder frozen, fewer epochs | {{sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128_frozen"):.0f}} | {{time_to_quality.ours_128_frozen_test_iou:.3f}} |
#
# The last row costs the least, and is good enough to find out whether an idea works at all. So try ideas at a small
# size, on a part of the photos, and for a few epochs. Train at full size once, at the end. To compute in `bfloat16`
# is cheap, too (lesson 06, in a folded box of section 11). Together, these steps can save more time than ten
# machines.
# <!-- holds: sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours") > 10 * sum(row.seconds for row in time_to_quality.rows if row.recipe == "ours_128_frozen") -->
#
# Before you buy anything, try a free GPU on Colab, too: choose *Runtime*, *Change runtime type*. (How many seconds
# these three trainings take there has not been measured.)
#
# Suppose that you have done all this, and it is still not enough. Then there are four different reasons, and each has
# an answer of its own:
#
# - Your **batch does not fit** into the memory of the GPU ("out of memory"), because the features of all its photos
#   fill the memory. Take a smaller batch or a smaller size, or compute in `bfloat16`. You can also compute the gradient
#   in parts, with fewer photos each. Section 9 shows that the mean of the parts is the gradient of the whole batch, but
#   for batch norm. In Keras, give the optimiser `gradient_accumulation_steps=4`: then it makes one move after four
#   batches.
# - You have **many trainings**, such as one for each person who is left out (sections 2 to 6).
# - You have **one training**, and it is too long (sections 7 to 11).
# - You have **many photos**, more than the memory can hold (sections 12 and 13).

# %% [markdown]
# ## 2. Two workers
#
# A **[process](../docs/glossary.md#process)** is a running program with memory of its own. This notebook's kernel is a
# process. A **[worker](../docs/glossary.md#worker)** is a process that does a part of a larger piece of work. How much
# faster are two workers than one?
#
# Take a piece of work that is easy to share out: draw hands. Each hand is drawn by itself, so one worker can draw the
# first, the third and the fifth hand, and so on, and the other worker can draw the rest. The next cell has the program
# of a worker. The program gets the worker's number, the number of workers, and the number of hands. At its end it
# prints when it began to draw, and when it was ready.

# %%
PROGRAM = """
import os, sys, time
os.environ["OMP_NUM_THREADS"] = "1"
import cv2
from handseg_lib.data.drawn import render
cv2.setNumThreads(1)
number, workers, hands = map(int, sys.argv[1:])
began = time.time()
for take in range(number, hands, workers):
    render(person=4, gesture="5", take=take)
print(began, time.time())
"""

# %% [markdown]
# Two lines of the program, the one with `OMP_NUM_THREADS` and the one with `setNumThreads`, set the number of
# **threads** to 1. A thread is a part of a process that can run on a core of its own. NumPy, OpenCV and TensorFlow
# start threads by themselves, one for each core. So one process may already keep all your cores busy, and then a second
# process gains nothing. To measure how much a worker gains, give each worker one core.
#
# Another program on your machine would also spoil the measurement. So the next cell measures three times, and keeps the
# fastest. You need not follow its code: `Popen` starts a process, and `communicate` waits for the process and returns
# what it has printed.

# %%
import os
import subprocess
import sys
import time

import numpy as np


def draw_with(workers, hands):
    """Draws hands with so many workers. When did each begin to draw, and when was it ready? In seconds."""
    start = time.time()
    commands = [[sys.executable, "-c", PROGRAM, str(number), str(workers), str(hands)] for number in range(workers)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for command in commands]
    told = [process.communicate()[0].split() for process in running]
    return np.array(told, float) - start


one, two = (min((draw_with(n, hands=80) for _ in range(3)), key=np.max) for n in (1, 2))
assert one.shape == (1, 2) and two.shape == (2, 2)
gain = one.max() / two.max()
print(f"cores: {os.cpu_count()}; two workers are {gain:.2f} times as fast as one")
if gain < 1.3:
    print("This is less than two free cores give. Does another program run? Then run this cell again later.")

# %% [markdown]
# (Did the cell print a second line? Then your machine has one core, or another program uses the second core. So the two
# workers take turns, and in the next figure each of their blue bars is as long as the blue bar of the one worker. You
# can go on all the same.)

# %%
alt = f"Bars along the time. One worker is ready after {one.max():.1f} seconds, two after {two.max():.1f}."
fig, ax = hs.plots.figure(alt, width=7, height=2.2)
rows = ["one worker", "first of two", "second of two"]
began, ready = np.concatenate([one, two]).T
ax.barh(rows, began, color=hs.plots.GREY, label="starts Python, imports")
ax.barh(rows, ready - began, left=began, color=hs.plots.BLUE, label="draws hands")
ax.set(xlabel="seconds on your machine")
ax.invert_yaxis()
ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
fig

# %% [markdown]
# Look at the bars. With two free cores, the blue part becomes shorter, because each of the two workers draws half of
# the hands. The grey part does not become shorter, because each worker has to start Python and to import its packages.
# So two workers are not twice as fast as one.

# %% [markdown]
# ## 3. Amdahl's law
#
# How many times as fast are $n$ workers? This number is the **[speed-up](../docs/glossary.md#speed-up)**: the time of
# one worker, divided by the time of $n$ workers. You can compute the speed-up in advance.
#
# Call the time of one worker 1. Let $p$ be the part of this time that can be shared out: here the drawing. The rest,
# $1 - p$, stays as it is, however many workers there are. So $n$ workers need the time $(1 - p) + p / n$. This gives
# **[Amdahl's law](../docs/glossary.md#amdahls-law)**, which the engineer Gene Amdahl stated in 1967:
#
# $$S(n) = \frac{1}{(1 - p) + \frac{p}{n}}$$
#
# With very many workers, $p / n$ becomes nearly 0, and the speed-up comes close to $1 / (1 - p)$. The speed-up can
# never be larger than this. If nine tenths of the work can be shared out, a thousand workers are less than ten times as
# fast as one.

# %% [markdown]
# ## 4. Exercise: the speed-up (warm-up)
#
# Write `speed_up(share, workers)`. It takes the share $p$ of the work that can be shared out, as a number from 0 to 1,
# and the number of workers. It returns the speed-up by Amdahl's law.


# %%
def speed_up(share, workers):
    # <solution>
    return 1 / ((1 - share) + share / workers)
    # </solution>


# %%
hs.check.speed_up(speed_up)

# %% [markdown]
# ## 5. What your own measurement predicts
#
# How large is $p$ on your machine? Two measured times are enough. Amdahl's law says that two workers need
# $(1 - p) + p / 2$ of the time of one. Solved for $p$, with the times $T_1$ and $T_2$:
#
# $$p = 2 \left(1 - \frac{T_2}{T_1}\right)$$

# %%
share = float(np.clip(2 * (1 - two.max() / one.max()), 0, 1))
drawing = float((one[0, 1] - one[0, 0]) / one[0, 1])
print(f"from the two times: p = {share:.2f}; the blue part of the first bar: {drawing:.2f}")
p = share if gain >= 1.3 else drawing  # without a second free core, the two times do not tell p

# %% [markdown]
# With two free cores, the two numbers are about equal. If the first number is smaller, the workers had to wait for each
# other: they share the memory and the disk, and they share the cores with other programs. Amdahl's law leaves this
# waiting out. So the real speed-up is mostly smaller than the law says. (Did the cell of section 2 print a second line?
# Then the first number is of no use, and the next cells take the second number.)
#
# How fast would more workers be? The next figure has a curve for $p = 0.9$. As soon as you have written your function,
# the figure also has the curve of your own $p$.

# %%
workers = np.array([1, 2, 4, 8, 16, 32, 64])
alt = "Speed-up against workers. The ideal is a straight line. Amdahl's law for p = 0.9 bends away and stays below 10."
fig, ax = hs.plots.figure(alt, width=5)
curves = {"ideal: n workers, n times as fast": workers, "Amdahl's law, p = 0.9": 1 / (0.1 + 0.9 / workers)}
if speed_up(0.5, 2) is not None:
    curves[f"Amdahl's law, your p = {p:.2f}"] = [speed_up(p, n) for n in workers]
hs.plots.lines(ax, workers, curves, "workers", "speed-up")
ax.plot([1, 2], [1, gain], "o", color="black")
ax.set(xscale="log", yscale="log", xticks=workers, xticklabels=workers, yticks=workers, yticklabels=workers)
ax.minorticks_off()
fig

# %% [markdown]
# The dots are your two measurements. Where does the curve for $p = 0.9$ become flat, and where does your curve become
# flat? Beyond this point, more workers cost money, and gain next to nothing.
#
# But if your work grows, more workers are worth more (this is called Gustafson's law). To start Python takes the same
# time for 80 hands as for 80,000. So with more hands, $p$ is larger. With few hands, $p$ is small:

# %%
few = {n: draw_with(n, hands=4).max() for n in (1, 2)}
print(f"4 hands: {few[1]:.2f} s with one worker, {few[2]:.2f} s with two")

# %% [markdown]
# With four hands, you gain next to nothing by a second worker. So share out **large** tasks: a whole training, or a
# folder of photos. A single photo is too small.

# %% [markdown]
# ## 6. Many trainings
#
# If you leave out each of twelve persons once, you need twelve trainings, and no training needs the result of another
# one. So each training is a **[task](../docs/glossary.md#task)**: a piece of work that can be done by itself. With
# `hs.cluster.workers` you hand tasks to workers. It gives you a function `apply`, which takes a function and a list, as
# Python's `map` does:

# %%
from functools import partial

draw = partial(hs.drawn.render, 4, "5")  # of person 4, gesture 5: the take is still missing
with hs.cluster.workers(count=2) as apply:
    drawn = list(apply(draw, range(4)))
assert all(np.array_equal(there, here) for (there, _), (here, _) in zip(drawn, map(draw, range(4))))

# %%
hs.plots.images(
    [image for image, _ in drawn],
    [f"take {take}" for take in range(4)],
    alt="Four drawn hands of one person, which two other processes have drawn.",
)

# %% [markdown]
# The results come back in the order of the list. Each result is the same, to the last bit, as one that this notebook
# draws itself. For this, a task must have three properties:
#
# - **It depends on what it is handed, and on nothing else.** All random numbers come from a seed, which the task is
#   handed, too. Then the result is the same, whichever worker does the task, and whenever.
# - **It can be done twice without harm.** If a worker stops in the middle of a task, another worker does the task
#   again, from the beginning, and writes the same result.
# - **Its result is written whole or not at all.** The file gets its name only when it is complete. Otherwise somebody
#   could read half a result.
#
# If there are several machines, you need a program that keeps a list: which worker is free, and which task is still to
# be done? This program is the **[scheduler](../docs/glossary.md#scheduler)**. The course takes the scheduler of
# [Dask](https://docs.dask.org), which is a package of its own (`pip install "handseg[cluster]"`). Run the first line on
# one machine, the second line on each machine that is to help, and the third line where you want the result:
#
# ```
# dask scheduler
# dask worker tcp://ADDRESS:8786 --nworkers 2 --nthreads 1
# python -m handseg_lib evaluate --protocol lopo --scheduler tcp://ADDRESS:8786
# ```
#
# With `--nthreads 1` each worker uses one core, as in section 2. If you write `--workers 2` in place of `--scheduler`
# and its address, two processes on your own machine share the work.
#
# Suppose that you have twelve trainings, which all take about as long. How many workers should you take? In one round,
# each worker does one training.

# %%
# NBVAL_CHECK_OUTPUT
counts = [1, 2, 3, 4, 5, 6, 8, 11, 12, 24]
rounds = [int(np.ceil(12 / count)) for count in counts]
for count, some in zip(counts, rounds):
    print(f"workers: {count:2}   rounds: {some:2}   speed-up: {12 / some:4.1f}")

# %% [markdown]
# Six workers need two rounds, and so do eleven workers. In the second round, most of the eleven have nothing to do. A
# thirteenth worker would have nothing to do at all. So for twelve tasks take 2, 3, 4, 6 or 12 workers.

# %% [markdown]
# ## 7. One training on several devices
#
# You cannot cut one training into tasks like these, because its second step needs the weights that the first step has
# made. But you can share out each step, because a batch has many photos. This is called
# **[data parallel](../docs/glossary.md#data-parallel)** training. Here, a *device* is a GPU or a core: whatever
# computes. Each device has a copy of all weights. In each step
#
# 1. every device takes its share of the batch, and computes the gradient of these photos;
# 2. the devices send each other their gradients, and all compute the same mean;
# 3. every device makes the same step with this mean.
#
# All devices began with the same weights, and all have made the same step. So they have the same weights again. The
# photos of all shares together are the **[global batch](../docs/glossary.md#global-batch)**. To the network, the global
# batch is the batch of lesson 02. It gives the number of steps in an epoch.
#
# How do you share out an epoch? Each device has a number, its **[rank](../docs/glossary.md#rank)**: 0, 1, 2 and so on.
# All devices shuffle the photos with the same seed, so all have the same order. From this order, each device takes
# other photos. If two devices took the same photo, this photo would count twice. If no device took a photo, the network
# would not learn from this photo.

# %% [markdown]
# ## 8. Exercise: each photo once (core)
#
# Write `my_photos(order, rank, ranks)`. It takes the order of an epoch, which is a list of photo numbers; the rank of
# this device; and the number of ranks. It returns the photos of this rank as a list. All ranks together must have each
# photo exactly once. If the photos do not divide evenly, some ranks have one photo more than others, and none has two
# more.


# %%
def my_photos(order, rank, ranks):
    # <solution>
    return order[rank::ranks]
    # </solution>


# %%
hs.check.my_photos(my_photos)

# %% [markdown]
# ## 9. Two halves of a batch
#
# Take the gradients of the two halves of a batch. Is their mean really the gradient of the whole batch? The course's
# loss of a batch is the mean of its photos' losses. So the gradient of the batch is also a mean: the mean of the
# photos' gradients $g_i$. (This would not hold with one sum over the whole batch, as in lesson 05, section 8.)
#
# With $B$ photos:
#
# $$g = \frac{1}{B} \sum_{i=1}^{B} g_i = \frac{1}{2} \left( \frac{2}{B} \sum_{i=1}^{B/2} g_i + \frac{2}{B} \sum_{i=B/2+1}^{B} g_i \right)$$
#
# Each of the two terms in the brackets is the gradient of one half. Try this on the network. The function `gradient`
# below returns the gradient of some photos. (How? It makes one step of plain gradient descent with the learning rate 1,
# which subtracts the gradient from the weights. So the gradient is the weights before the step, minus the weights after
# the step.)

# %%
import keras

profile = hs.profile.current()
split = hs.split_by_person(profile.samples())
batches = hs.Batches(split.train, size=64, batch_size=8, augment=True)
images, masks = batches[0]
keras.utils.set_random_seed(0)
model = hs.build_unet(64)
hs.encoder.freeze(model.get_layer("encoder"))  # the decoder's gradients are enough to see it
norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


# %%
def gradient(images, masks):
    """The gradient of these photos' mean loss, an array for each weight. The network stays as it was."""
    before = model.get_weights()
    start = [weight.numpy() for weight in model.trainable_weights]
    model.train_on_batch(images, masks)
    found = [old - weight.numpy() for old, weight in zip(start, model.trainable_weights)]
    model.set_weights(before)
    return found


def flat(arrays):
    return np.concatenate([array.ravel() for array in arrays])


# %%
differences = {}
for name, batch_statistics in (("the statistics are fixed", False), ("each half has its own statistics", True)):
    for norm in norms:
        norm.trainable = batch_statistics
    model.compile(keras.optimizers.SGD(1.0), hs.losses.dice_bce_loss)
    whole = flat(gradient(images, masks))
    halves = [flat(gradient(images[half], masks[half])) for half in (slice(0, 4), slice(4, 8))]
    differences[name] = np.linalg.norm(np.mean(halves, axis=0) - whole) / np.linalg.norm(whole)
assert differences["the statistics are fixed"] < 1e-3 < differences["each half has its own statistics"]
for name, difference in differences.items():
    print(f"{name}: the mean of the halves differs from the whole by {difference:.4%} of its length")

# %% [markdown]
# In the first line, the mean of the halves and the whole are the same, except for the last digits. (The numbers are
# added up in another order, and each addition rounds.)
#
# In the second line, the mean of the halves and the whole differ. What happened? A batch norm computes mean and
# variance over the photos of the batch ([03 The encoder](03_the_encoder.ipynb)). Each half has four photos, so its mean
# and variance differ from those of all eight photos. No other layer of the network lets the result for one photo depend
# on the other photos of the batch.
#
# There are two ways to deal with batch norm. In the first way, the devices send each other these statistics, too, not
# only the gradients. The course's command `train --devices all` does this (section 11). PyTorch calls it
# `SyncBatchNorm`. In the second way, each device keeps its own statistics. Then give each device a share that is large
# enough, say eight photos or more.

# %% [markdown]
# ## 10. Exercise: the mean of unequal shares (stretch)
#
# At the end of an epoch, the last batch is often smaller, and the shares are no longer equal. Suppose that one device
# had 4 photos and another device had 2. Each device sends the mean gradient of its own photos. In the gradient of all
# six photos, the first device must count twice as much as the second one.
#
# Write `average(gradients, photos)`. `gradients` is a list with one entry for each device. Each entry is itself a list:
# the gradients of all weights of the network, one array for each layer. `photos` is a list of numbers: how many photos
# each device had. Return one list of arrays, like an entry: the gradient of all photos.
#
# A device may have had no photo at all. The mean over no photos is 0 / 0, so the gradient of this device is nan. And 0
# times nan is still nan. Leave such a device out.


# %%
def average(gradients, photos):
    # <solution>
    seen = [(gradient, count) for gradient, count in zip(gradients, photos) if count > 0]
    layers = range(len(gradients[0]))
    return [sum(count * gradient[layer] for gradient, count in seen) / sum(photos) for layer in layers]
    # </solution>


# %%
hs.check.average(average)

# %% [markdown]
# ## 11. What the devices have to agree on
#
# **The gradients.** In every step, every device sends its gradient and receives the gradients of the others. How long
# does it take to send one gradient?

# %%
weights = hs.load_predictor().model.count_params()
megabytes = 4 * weights / 1e6
for name, per_second in {"a network cable of 1 Gbit/s": 125, "one of 10 Gbit/s": 1250}.items():
    print(f"{megabytes:.0f} MB through {name}: {megabytes / per_second:.3f} s in each step")

# %% [markdown]
# (This holds for two devices. With many devices, each sends nearly twice as much. Frozen layers send nothing.)
#
# Suppose that a step takes a tenth of a second to compute. Then with the slow cable, most of the time goes into
# sending. Several GPUs in one machine have fast lines between them. So they are worth more than the same number of GPUs
# in several machines. In Amdahl's law, sending belongs to the part that cannot be shared out. (Many libraries save some
# of this time: they send the first gradients while they still compute the others.)
#
# **The batch and the learning rate.** If each of four devices has 16 photos, the global batch is 64. The epoch has a
# quarter of the steps. Each step's gradient is a mean over more photos, and so it is less noisy. A [common
# rule](https://arxiv.org/abs/1706.02677) says: multiply the learning rate by the same factor, here by four, and take a
# longer warm-up. This rule fails for very large batches. With Adam, many multiply by the square root of the factor. The
# safe way is to keep the *global* batch as it is, as `--devices all` does. Then each device has fewer photos, and the
# training stays the same.
#
# **The seeds.** All devices shuffle in the same way, and each photo is augmented from its own seed: (seed, epoch,
# photo), as in lesson 02. Then a photo looks the same on every device.
#
# **The checkpoint.** One device writes the whole checkpoint, and the others wait until it is written.
#
# (In PyTorch, `DistributedDataParallel` does this, started by `torchrun`. Two things differ. Its mean counts all
# devices alike, however many photos each had. And its `DistributedSampler` repeats some photos, so that all shares are
# equal. This does no harm in training, but a score would be wrong.)
#
# Keras does all of this with its JAX backend (`pip install jax`). On a machine with several GPUs:
#
# ```
# KERAS_BACKEND=jax python -m handseg_lib train --devices all
# ```
#
# You can try it without a GPU, because with a flag JAX divides your processor into two devices. The next program trains
# one step on one device, and one step on two devices, from the same weights and with the same batch.

# %%
TWO_DEVICES = """
import handseg_lib as hs
import keras
import numpy as np

def trained(devices):
    with hs.devices.spread(devices):
        keras.utils.set_random_seed(0)
        model = hs.build_unet(64)
        model.compile(keras.optimizers.SGD(0.1), hs.losses.dice_bce_loss)
        model.fit(images, masks, batch_size=8, shuffle=False, verbose=0)
    return np.concatenate([w.ravel() for w in model.get_weights()])

rng = np.random.default_rng(0)
images = rng.integers(0, 256, (8, 64, 64, 3)).astype("float32")
masks = rng.integers(0, 2, (8, 64, 64, 1)).astype("float32")
print("devices:", len(keras.distribution.list_devices()))
print("largest difference between the weights:", abs(trained(None) - trained("all")).max())
"""

# %%
import importlib.util

if importlib.util.find_spec("jax"):
    flags = {"KERAS_BACKEND": "jax", "XLA_FLAGS": "--xla_force_host_platform_device_count=2"}
    command = [sys.executable, "-c", TWO_DEVICES]
    print(subprocess.run(command, env=os.environ | flags, stdout=subprocess.PIPE, text=True, check=True).stdout)
else:
    print("JAX is not installed here, and nothing was run. With JAX it prints something like this:")
    print("devices: 2\nlargest difference between the weights: 1.1920929e-07")

# %% [markdown]
# The weights are the same, except for the last digits. So the devices have sent each other the statistics of the batch
# norms, too. Are two devices faster here? No, because with one device, JAX already used all cores of your processor.

# %% [markdown]
# ## 12. More photos than memory
#
# `hs.Batches` keeps all photos in memory, at the network's size. So it has to decode each photo only once. How much
# memory does this take? A photo has three bytes for each pixel, and its mask has one byte for each pixel:
#
# $$\text{bytes} = \text{photos} \times \text{side}^2 \times (3 + 1)$$

# %%
side = 224
for photos in (899, 10_000, 100_000, 1_000_000):
    print(f"{photos:9,} photos of {side} px: {photos * side**2 * 4 / 2**30:6.1f} GiB")

# %% [markdown]
# A laptop has 8 or 16 GiB. With up to some ten thousand photos, it is fastest and easiest to keep them in memory. And
# with more photos? You could read, decode and resize each photo anew in every epoch. In the course's measurement this
# took {{input_pipeline["ours, filling the memory, once"].ms_per_photo:.1f}} ms for each photo. There is a better way.
# Write the resized photos and their masks into a folder once. Then read only the photos of the next batch from this
# folder. Such a folder is called a **[store](../docs/glossary.md#store)**.

# %%
import tempfile
from pathlib import Path

folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)  # gone when the notebook ends
store = hs.store.write(split.train, Path(folder.name) / "store", size=64)
for file in sorted(store.iterdir()):
    print(f"{file.name}: {file.stat().st_size / 1e6:.3f} MB")

# %% [markdown]
# A store has one or several large files, called **[shards](../docs/glossary.md#shard)**, and a small file that says
# what is in the shards. Why not a file for each photo? To open a file takes time, and to open a million small files
# takes far more time than to open a few hundred large ones. And why not one file for all photos? One file of this size
# would be clumsy to copy or to mend, and you could not give a part of it to another machine.
#
# You can look into a shard without the library, because a shard is a file of NumPy's. If you
# **[memory-map](../docs/glossary.md#memory-map)** a file, it looks like an array in memory. But the system reads a part
# of the file from the disk only when you ask for this part. As long as there is free memory, the system keeps the parts
# that it has read. When memory becomes scarce, the system drops these parts again.

# %%
shard = np.load(store / "shard-0000.npy", mmap_mode="r")
print(type(shard).__name__, shard.shape, shard.dtype.names)
assert np.array_equal(shard["photo"][5], batches.images[5])
hs.plots.images(
    [hs.plots.overlay(shard["photo"][k], shard["mask"][k]) for k in range(4)],
    [f"number {k}" for k in range(4)],
    alt="The first four hands of a shard, with their masks.",
)

# %% [markdown]
# `Batches` reads from a store, and gives the same batches as from memory:

# %%
stored = hs.Batches(store=store, batch_size=8, augment=True)
for from_memory, from_store in zip(batches[1], stored[1]):
    assert np.array_equal(from_memory, from_store)

# %%
for name, source in {"from memory": batches, "from the store": stored}.items():
    start = time.perf_counter()
    for i in range(len(source)):
        source[i]
    print(f"{name}: {1000 * (time.perf_counter() - start) / len(split.train):.2f} ms a photo, with its augmentation")

# %% [markdown]
# The two times hardly differ here, because the system still has the whole store in its memory. (Which of the two is the
# shorter one is chance.) If the store is larger than the memory, the speed depends on the disk. So a fast disk in the
# machine itself is worth more than a large disk in the network. The page on [scaling](../docs/scaling.md) has the
# measurements with many photos.

# %% [markdown]
# ## 13. Who waits for whom?
#
# While the network learns from one batch, the cores prepare the next batch. The training is as fast as the slower of
# the two. So before you buy anything, measure both, in photos a second. First measure your own machine:

# %%
start = time.perf_counter()
for i in range(len(batches)):
    batches[i]
prepared = len(split.train) / (time.perf_counter() - start)
start = time.perf_counter()
for _ in range(3):
    model.train_on_batch(images, masks)
learned = 3 * len(images) / (time.perf_counter() - start)
print(f"at 64 px, photos a second: {prepared:.0f} prepared, {learned:.0f} learned from")

# %% [markdown]
# Without a GPU, the network is usually slower than the cores that prepare the batches. With a GPU, the cores can be the
# slower ones. Here are figures of the course, all for photos of {{scaling.size}} px:
#
# | who | photos a second |
# |---|---|
# | one core prepares, with photos in memory | {{1000 / scaling.augment_ms:.0f}} |
# | one core prepares, and first reads each photo from its file | {{1000 / (scaling.augment_ms + scaling.decode_ms):.0f}} |
# | one large GPU ({{scaling.gpu}}) learns | at least {{scaling.gpu_photos_per_second:.0f}} |
# | eight such GPUs in one machine learn, if none of them waits | at least {{8 * scaling.gpu_photos_per_second:.0f}} |
#
# (The first two rows were measured at 224 px, and converted by the number of pixels. The third row is from a short
# training, with its start counted in. So the GPU itself is faster than this. How much faster was not measured.)
#
# For eight such GPUs, one core is too slow. For one GPU, one core may be enough or not, so measure your own. If your
# GPUs have to wait for photos, do not add GPUs. The new GPUs will only wait, too. Take more cores, resized photos, or
# cheaper augmentations.
# <!-- holds: 6 * scaling.gpu_photos_per_second > 1000 / scaling.augment_ms -->
# <!-- holds: 1000 / (scaling.augment_ms + scaling.decode_ms) > scaling.gpu_photos_per_second -->
#
# The whole lesson asks one question: **what is everybody waiting for?** More of anything else gains nothing.
#
# | you see | try first | and then |
# |---|---|---|
# | "out of memory" on the GPU | a smaller batch or size, bfloat16 | `gradient_accumulation_steps=` of the optimiser, a larger GPU |
# | one training is too slow, the device is busy | a smaller size, fewer epochs, bfloat16, a GPU | several GPUs in one machine |
# | the device waits for photos | a store with resized photos, `threads=` of `Batches` | more cores for each GPU |
# | there are many trainings | `python -m handseg_lib evaluate --workers 2`, or as many as memory allows | `--scheduler`, more machines |
# | the photos do not fit into memory | a smaller size | a store, on a fast disk |
# | it is slow, but only once | start it in the evening | |
#
# The last row is no joke: one night of a machine often costs less than one day of your own time.

# %% [markdown]
# ## 14. What you learned
#
# - The work grows with epochs, photos and pixels. A smaller size and fewer epochs are the cheapest way to be faster.
# - Two workers share the work that can be shared out. Amdahl's law says how much faster they are.
# - Share out large tasks. A task depends on nothing but what it is handed, and can be done again without harm.
# - Data parallel: each photo goes to one device. The mean of the gradients is the gradient of the global batch.
# - If shares are unequal, weight each gradient by its number of photos.
# - Photos that do not fit into memory go into a store, from which each batch is read.
# - Find out who waits for whom before you buy anything.

# %% [markdown]
# ## 15. Quiz

# %%
hs.quiz("10")

# %% [markdown]
# ## 16. Next
#
# You have been through the whole course: from a photo and its mask to a network that runs on other people's machines,
# and to trainings that run on many. The page on [scaling](../docs/scaling.md) goes on with a million photos, and says
# what they cost. If you teach, [the course for a class](../docs/hub.md) says what two hundred seats need.
#
# Now segment something of your own. In the [capstone](capstone.ipynb) you choose what, and a rubric checks your work.
# The page [Photos of your own](../docs/own_photos.md) says how to prepare the photos.
