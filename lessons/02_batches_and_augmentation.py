# %% [markdown]
# # 02 Batches and augmentation
#
# *Between the photos and the network stands a small piece of code that few people look at. If this code is wrong, the
# network learns from wrong data, and the loss falls all the same. This lesson builds the code and checks every part
# of it.*

# %% [markdown]
# This lesson is about what goes into the network: photos, many at a time, and each a little different every time.

# %%
hs.explore.open_network("photo")

# %% [markdown]
# **You will be able to**
# - write the heart of a data generator for Keras, and say what each part of it is for;
# - move a photo and its mask together, without harm to either;
# - find eaten outlines, missing rows and rows too many by checks of one line;
# - say which three numbers make every random change repeatable.
#
# **Time:** 90 minutes to work through; the computer needs {{ceil(memory["02"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** [01 Photos and masks](01_photos_and_masks.ipynb), and what a Python class is ([with
# pictures](https://realpython.com/python3-object-oriented-programming/)). If *gradient* is a new word, look at [gradient
# descent in
# pictures](https://developers.google.com/machine-learning/crash-course/linear-regression/gradient-descent) first.

# %% [markdown]
# ## 1. Why a network learns from batches
#
# A network has millions of numbers, its [**weights**](../docs/glossary.md#weight), and training changes them. The
# [**loss**](../docs/glossary.md#loss) is one number that says how wrong the network's answer was. In each step the
# network looks at some photos. For each weight one computes how the loss changes if the weight grows a little: this
# is the [gradient](../docs/glossary.md#gradient). Then every weight moves a little in the direction in which the loss
# falls. How many photos should the network look at before its weights move?
#
# Take the smallest network there is. It has one weight, and gives all pixels the same probability. Suppose that this
# probability is 0.5, and that 0.2 of the photo is hand. Then 0.2 would be right, and the probability is 0.3 too
# large. In this network the gradient is exactly this difference: 0.5 - 0.2 = 0.3. A gradient of +0.3 means: move the
# weight down. A gradient of -0.3 would mean: move the weight up.
#
# So for this network, the masks are enough to compute gradients. Compare the gradient of one photo with the mean
# gradient of 4 photos, and of 16.
#
# <details>
# <summary>For which network is this exactly so?</summary>
#
# The weight is the number that a sigmoid turns into the probability (lesson 04), and the loss is the usual one, binary
# cross-entropy (lesson 05).
#
# </details>

# %%
import numpy as np

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
gradients = 0.5 - np.array([hs.read_mask(s.mask).mean() for s in samples])

rng = np.random.default_rng(0)
spread = {n: rng.choice(gradients, (200, n)).mean(axis=1).std() for n in (1, 4, 16)}
print("spread of the gradient, by photos in a batch:", {n: round(float(s), 3) for n, s in spread.items()})
assert spread[16] < spread[4] < spread[1]

# %% [markdown]
# The *spread* (the standard deviation) says how far the gradients of different batches usually lie from their mean. A
# [batch](../docs/glossary.md#batch) is the group of photos of one step. If a batch is a single photo, the spread is
# large. With four times as many photos in each batch, the spread is half as large. All photos at once would give the
# exact mean. But then the weights would move only once in a whole pass through the data, and all photos would have to
# fit into memory together. So one takes a few photos for a batch, often 8 or 16. The code that hands out batches is
# called a [data generator](../docs/glossary.md#data-generator). You will now build a generator, part by part.

# %% [markdown]
# ## 2. Read and resize
#
# The photos have different sizes, but a batch is one array. So each photo is squashed to a square. The predicted mask
# is stretched back afterwards, so it fits the photo.
#
# Does a network learn less from squashed hands? The course answers such questions by a **small test**. One thing is
# changed, and a network learns for six epochs from photos of 96 pixels. This is done for nine persons of HGR1. Each
# of them is scored by a network that has never seen this person. You will meet numbers of this test in most of the
# next lessons.
#
# <details>
# <summary>What the small test says about squashed hands</summary>
#
# In this test it does not learn less. With squashed photos the mean IoU is {{ablation["the recipe"].iou:.3f}}. With
# the proportions kept, and grey around, it is {{ablation["letterbox in place of squash"].iou:.3f}}
# ([results](../docs/results.md)). A reason may be that a hand with its proportions kept has fewer pixels. If your
# photos differ much in their proportions, measure it on your own.
# <!-- holds: ablation["letterbox in place of squash"].iou < ablation["the recipe"].iou -->
#
# </details>
#
# When you resize a photo, a new pixel may be the mean of several old ones. But a mask has only 0 and 1, and a mean
# lies in between. Here is one way that looks right. Each new pixel is a mean of the nearest old pixels, and the
# nearest of them counts most. (This is called bilinear *interpolation*, and it is OpenCV's default.) Then the numbers
# are converted to whole numbers.

# %%
import cv2

size, batch = profile.size, profile.batch_size
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
image, mask = four[0].read()
blurred = cv2.resize(mask.astype(float), (size, size))
eaten = blurred.astype(int)
print("after resizing:", len(np.unique(blurred)), "different values. After astype(int):", np.unique(eaten))

# %% [markdown]
# The values are 0 and 1, the shape is right, and a picture of this mask looks like a hand. But `astype(int)` rounds
# **down**: a pixel at the edge with the value 0.9 becomes 0. How would you notice? A squashed hand must still fill
# the same share of the photo. So compare the shares before and after:

# %%
ways = {
    "bilinear, astype(int)": lambda m: cv2.resize(m.astype(float), (size, size)).astype(int),
    "bilinear, at least 0.5": lambda m: cv2.resize(m.astype(float), (size, size)) >= 0.5,
    "nearest neighbour": lambda m: cv2.resize(m, (size, size), interpolation=cv2.INTER_NEAREST_EXACT),
}
masks = [hs.read_mask(s.mask) for s in samples]
true = sum(m.mean() for m in masks)
change = {name: sum(way(m).mean() for m in masks) / true - 1 for name, way in ways.items()}
for name, share in change.items():
    print(f"{name:24} area of the hands {share:+.1%}")

# %%
lost = change.pop("bilinear, astype(int)")
assert -0.06 < lost < -0.008, "the outline is not eaten?"
assert max(map(abs, change.values())) < abs(lost) / 2

# %%
bold = blurred >= 0.5
y, x = np.argwhere(bold)[0]  # the hand's upper end
part = slice(max(0, y - size // 16), y + size // 8), slice(max(0, x - size // 11), x + size // 11)
hs.plots.images(
    [blurred[part], eaten[part], bold[part], (bold > eaten)],
    ["bilinear, enlarged", "then astype(int)", "or at least 0.5", "the difference, everywhere"],
    alt="The upper end of a hand's mask, enlarged: bilinear has grey pixels along the outline; astype(int) makes all "
    "of them background, a threshold of 0.5 half. The difference, over the whole mask: a thin line round the hand.",
)

# %% [markdown]
# On HGR1 at 224 pixels, bilinear with `astype(int)` loses 1.8 % of the hand, and all of it along the outline. (The
# article from which the course grew does it in this way.)
#
# There are two good ways. Interpolate and then **compare with 0.5**. Or take the [nearest
# pixel](../docs/glossary.md#nearest-neighbour), as the course does. Write the argument for this with its name,
# `interpolation=`. If you write `cv2.resize(m, s, cv2.INTER_NEAREST)`, the third argument is not the interpolation.
# Then OpenCV takes the bilinear way, without a warning.
#
# If a photo becomes smaller, each new pixel is the mean of all the old pixels that it covers (`INTER_AREA`).
# Otherwise fine textures would turn into false stripes.


# %%
def resize(image, mask, size):
    shrinks = min(image.shape[:2]) >= size
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return image, cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)


small, small_mask = resize(image, mask, size)
for mine, theirs in zip((small, small_mask), hs.augment.resize(image, mask, size)):
    assert np.array_equal(mine, theirs)  # the library does the same

# %% [markdown]
# ## 3. Exercise: count the batches (warm-up)
#
# A generator answers two questions: how many batches are there, and which photos are in each batch? You now write
# both answers.
#
# One pass through all photos is an [epoch](../docs/glossary.md#epoch). How many batches does an epoch have? The
# photos seldom divide evenly, so the last batch may have fewer. Write a function that takes the number of photos and
# the size of a batch. It returns two whole numbers: how many batches an epoch has, and how many photos are in the
# last batch. Every photo is used, and there is at least one photo.


# %%
def count_batches(photos, size):
    # <solution>
    batches = -(-photos // size)  # rounds up
    return batches, photos - (batches - 1) * size
    # </solution>


# %%
hs.check.count_batches(count_batches)

# %% [markdown]
# ## 4. Exercise: take a batch (warm-up)
#
# `order` is an array with the numbers of all photos, in the order in which the photos come in this epoch. Write a
# function that returns the part of `order` that belongs to the batch number `index`. The first batch has the number
# 0. (If a slice reaches past the end of an array, it stops at the end.)


# %%
def take_batch(order, index, size):
    # <solution>
    return order[index * size : (index + 1) * size]
    # </solution>


# %%
hs.check.take_batch(take_batch)

# %% [markdown]
# ## 5. A generator
#
# Keras wants a `PyDataset`. This is a class with two methods: `__len__` returns the number of batches, and
# `__getitem__` returns one batch by its number. You have just written the heart of both. `__len__` counts as your
# `count_batches` does. The first line of `__getitem__` takes what your `take_batch` takes. The rest of `__getitem__`
# puts these photos into one array, and their masks into another.
#
# It takes much longer to decode a JPEG than to copy an array. So the generator reads every photo once, and keeps it
# in memory as uint8. As float32 it would take four times the memory. `start_epoch` sets the order of the photos. Here
# the order is that of the list. Section 7 will change it.

# %%
import keras


class InOrder(keras.utils.PyDataset):
    """Photos and masks, read once, in the order of the list."""

    def __init__(self, samples, size, batch_size, seed=0):
        super().__init__()
        self.samples, self.batch_size, self.seed = samples, batch_size, seed
        pairs = [resize(*sample.read(), size) for sample in samples]
        self.images, self.masks = (np.stack(arrays) for arrays in zip(*pairs))  # zip(*...): all photos, all masks
        self.start_epoch(0)

    def start_epoch(self, epoch):
        self.epoch, self.order = epoch, np.arange(len(self.samples))

    def __len__(self):
        return int(np.ceil(len(self.samples) / self.batch_size))

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        images, masks = (np.stack(arrays) for arrays in zip(*[self.pair(k) for k in chosen]))
        return images, masks[..., None]

    def pair(self, k):
        return self.images[k], self.masks[k]


# %% [markdown]
# Look at the last line of `__getitem__`. `masks[..., None]` adds an axis of length 1 at the end: (8, 128, 128)
# becomes (8, 128, 128, 1). The network's answer has this shape, with one channel for each pixel. So the masks need
# it, too. (`pair` is a method of its own, because section 11 will change it.)
#
# Is the generator right? If photos are lost, or come twice, no error says so. The network is trained and, worse,
# **scored** on what it gets. So **count**: as many rows must come out as photos went in. Try it with one photo more
# than a batch has:

# %%
few = InOrder(split.train[: batch + 1], size, batch)
rows = sum(len(few[i][0]) for i in range(len(few)))
print(f"{len(few.samples)} photos, {len(few)} batches, {rows} rows; the last batch: {few[len(few) - 1][0].shape}")
assert rows == len(few.samples)

# %% [markdown]
# The last batch has a single photo, and Keras accepts that. When you compute a score, no photo may be left out. In
# training, so small a batch does some harm: batch norm, a kind of layer that lesson 03 explains, computes a mean over
# the batch. So in training you may leave the last batch out. After each shuffle, other photos are in it. (PyTorch's
# `DataLoader` has `drop_last=True` for this.)
#
# <details>
# <summary>As published: rows that nobody filled</summary>
#
# The article makes an array for a full batch with `np.empty`, and puts the photos into its rows. `np.empty` gives you
# memory as it is, with whatever was there before. The article has 180 test photos in batches of 16. So its last batch
# has 4 photos, and 12 rows of something else: zeros, noise, or an old batch. Only counting finds such rows every
# time. If you look at the values, you may find nothing, because an old mask has zeros and ones, too.
#
# </details>

# %% [markdown]
# ## 6. Exercise: check a generator (stretch)
#
# Write a function that checks any generator. It takes the generator and the number of photos. It returns `True` if
# two things hold: over all batches, as many rows come out as there are photos, and every mask has only zeros and
# ones. Otherwise it returns `False`. `len(batches)` is the number of batches, and `batches[i]` gives the photos and
# masks of one batch.


# %%
def is_sound(batches, photos):
    # <solution>
    masks = [batches[i][1] for i in range(len(batches))]
    return sum(map(len, masks)) == photos and all(np.isin(m, (0, 1)).all() for m in masks)
    # </solution>


# %%
hs.check.is_sound(is_sound)

# %% [markdown]
# Such a check cannot notice a mask that is too small, or one that lies beside its hand. For those you have to compare
# areas and look at pictures.

# %% [markdown]
# ## 7. Shuffle photos, not batches
#
# Photos that are neighbours in the list show the same person or the same gesture. A batch of neighbours tells the
# network hardly more than a single photo. So the order should be different in every epoch.
#
# You train a network by its method `fit`. This method has an argument for the order, `shuffle=True`, which is on by
# default. But Keras gets batches from a `PyDataset` by their numbers. So Keras can only change the order of the
# batches. **Inside** each batch the photos are still neighbours. The generator itself has to shuffle the photos. The
# place for this is its method `on_epoch_end`, which Keras calls after each epoch. (Keras calls this method once
# before the first epoch, too. Lesson 06 comes back to this.)


# %%
class Shuffled(InOrder):
    def start_epoch(self, epoch):
        super().start_epoch(epoch)
        np.random.default_rng([self.seed, epoch]).shuffle(self.order)

    def on_epoch_end(self):
        self.start_epoch(self.epoch + 1)


# %%
own = Shuffled(split.train[: 6 * batch], 32, batch)
listed = np.arange(len(own.samples))
firsts = np.random.default_rng(0).permutation(listed[::batch])  # the batches in another order, as Keras shuffles them
strips = {"as listed": listed, "fit(shuffle=True)": np.concatenate([listed[k : k + batch] for k in firsts])}
for epoch in (1, 2):
    own.on_epoch_end()
    strips[f"own, epoch {epoch}"] = own.order
assert all(sorted(order) == listed.tolist() for order in strips.values())  # each photo once an epoch

# %%
fig, axes = hs.plots.figure(
    "Four strips, a cell a photo, shaded by its place in the list. As listed: one smooth ramp. Keras's shuffle: "
    "pieces of the ramp, a batch long, in another order. The generator's own, two epochs: no ramp is left.",
    rows=4,
    height=2.6,
)
for ax, (name, order) in zip(axes, strips.items()):
    ax.imshow([order], aspect="auto", cmap="viridis")
    ax.vlines(np.arange(batch, len(listed), batch) - 0.5, -0.5, 0.5, color="white", lw=2)
    ax.set(xticks=[], yticks=[])
    ax.set_ylabel(name, rotation=0, ha="right", va="center")
fig

# %% [markdown]
# The white lines separate the batches. In the last two rows each batch is well mixed. The course passes
# `shuffle=False` to `fit`, so that only the generator shuffles. (PyTorch is different: `DataLoader(shuffle=True)`
# shuffles the photos.)

# %% [markdown]
# ## 8. Move photo and mask together
#
# There are only seven persons to train on. But a hand that is turned a little is still a hand, and its mask is the
# old mask, turned in the same way. So you can show each photo in many variations. This is called
# [augmentation](../docs/glossary.md#augmentation). Turning, zooming, slanting, shifting and mirroring are all done by
# a small matrix. This is how a matrix moves the pixel at (x, y) to (x', y'):
#
# $$\begin{pmatrix} x' \\ y' \end{pmatrix} = \begin{pmatrix} a & b & c \\ d & e & f \end{pmatrix} \begin{pmatrix} x \\ y \\ 1 \end{pmatrix}$$
#
# Several moves, one after another, can be done by a single matrix: the product of their matrices. So multiply the
# matrices first, and move the photo **once**. Every move interpolates. After eight moves the photo would be blurred,
# and its mask ragged.
#
# You need not follow every line of this code. (`@` multiplies matrices.) The matrix turns a photo about its middle,
# and not about its corner.


# %%
def affine(side, degrees=0, scale=1, shear=0, shift=(0, 0), mirror=1):
    """A 2x3 matrix that moves pixels about the middle of a square of that side."""
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = scale * rotation @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror, 1])  # mirror, slant, turn, zoom
    middle = np.array([side - 1, side - 1]) / 2
    return np.column_stack([linear, middle + shift - linear @ middle])  # so that the middle goes to middle + shift


def warp(image, mask, matrix):
    border = {"borderMode": cv2.BORDER_REFLECT_101}  # what lies outside the photo: its mirror image, in both
    image = cv2.warpAffine(image, matrix, mask.shape[::-1], flags=cv2.INTER_LINEAR, **border)
    return image, cv2.warpAffine(mask, matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST, **border)


# %% [markdown]
# `warp` moves photo and mask by the **same matrix**. If each of them had a random angle of its own, the masks would
# not fit their hands.

# %%
moves = {
    "as it is": affine(size),
    "turn": affine(size, degrees=20),
    "zoom": affine(size, scale=1.25),
    "slant": affine(size, shear=0.2),
    "shift": affine(size, shift=(0.15 * size, 0)),
    "mirror": affine(size, mirror=-1),
}

# %%
moved = [warp(small, small_mask, matrix) for matrix in moves.values()]
assert all(set(np.unique(m)) <= {0, 1} for _, m in moved)  # masks stay masks
hs.plots.images(
    [pair[0] for pair in moved] + [pair[1] for pair in moved],
    [*moves, *[""] * len(moves)],
    alt="The same hand as it is, turned, zoomed, slanted, shifted and mirrored, and below each its mask, moved alike.",
    columns=6,
)

# %% [markdown]
# Look at the right edge of the turned photo. What lay outside the photo is filled with a mirror image, and so a piece
# of a second arm appears. The mask has this piece, too, so it still fits. (You could also fill with black, and leave
# the black pixels out of the loss. If you do not leave them out, the network learns from corners that no real photo
# has.)
#
# In a project you would take a library that moves photo and mask together, for example `albumentations` or
# `torchvision.transforms.v2`. Ask the same questions about such a library: Does the mask get its nearest pixels? Do
# photo and mask get the same numbers? Where do the random numbers come from?

# %% [markdown]
# ## 9. Exercise: mirror a pair (core)
#
# The mirror image of a right hand is a left hand. Write a function that mirrors a photo and its mask **together, in
# half of all cases**, left to right. It returns both. `rng` is a numpy generator: `rng.random()` gives a number from
# 0 to 1. The photo has the shape (height, width, 3) and the mask (height, width). Do not change the two arrays that
# you are given. You need no matrix here: slices are enough.


# %%
def flip_pair(image, mask, rng):
    # <solution>
    if rng.random() < 0.5:
        image, mask = image[:, ::-1], mask[:, ::-1]
    return image, mask
    # </solution>


# %%
hs.check.flip_pair(flip_pair)

# %% [markdown]
# ## 10. Change the colours of the photo
#
# Rooms differ in their light, and cameras differ too. So change the colours of the photo. The mask stays as it is.
#
# A channel has only 256 possible values. So compute once what becomes of each value, and look the result up for every
# pixel. There are four changes. *Gamma* is a power: a power above 1 makes greys darker, those in the middle most, and
# leaves black and white as they are. *Contrast* stretches the values around middle grey. *Light* adds a number.
# *Tint* multiplies each channel by a number of its own.


# %%
def recolour(image, gamma=1, contrast=1, light=0, tint=(1, 1, 1)):
    levels = np.linspace(0, 1, 256)[:, None] ** gamma
    table = ((levels - 0.5) * contrast + 0.5 + light) * tint * 255
    return cv2.LUT(image, np.clip(np.rint(table), 0, 255).astype(np.uint8).reshape(1, 256, 3))  # rint: not down


# %%
colours = {
    "as it is": recolour(small),
    "gamma 1.3": recolour(small, gamma=1.3),
    "more contrast": recolour(small, contrast=1.25),
    "less light": recolour(small, light=-0.12),
    "a warm tint": recolour(small, tint=(1.1, 1.0, 0.9)),
    "disguised": hs.augment.disguise(small, small_mask, np.random.default_rng(44)),
}
assert np.array_equal(colours["gamma 1.3"], hs.augment.recolour(small, gamma=1.3))  # the library does the same

# %%
hs.plots.images(
    list(colours.values()),
    list(colours),
    alt="The same hand as it is, with a higher gamma, with more contrast, with less light, with a warm tint, and with "
    "patches of the background that have the colour of skin.",
    columns=6,
)

# %% [markdown]
# The last picture is not about light. Suppose that in all training photos colour alone is enough to tell hand from
# background. Then the network learns nothing else. If somebody comes in a salmon T-shirt, the network marks the
# shirt. So the course sometimes **disguises** the background: patches of it get about the colour of the skin. (The
# patches may be lighter or darker than the skin. Their colour is also changed a little at random. So some patches
# look rather green or violet.)
#
# Do moves and disguise help? On HGR1 you cannot tell: the gain is small, and the nine persons of the [small
# test](../docs/glossary.md#small-test) are few. But one of the nine wears a salmon T-shirt, and for this person the
# disguise helps much. With the disguise, no person's IoU is below {{ablation["the recipe"].worst_person_iou:.2f}}.
# Without it, the IoU of the person in the T-shirt falls to {{ablation["without disguise"].worst_person_iou:.2f}}. Of
# the other eight persons, six do a little better without the disguise.
#
# And do the colours help? All photos of HGR1 have much the same light, so they cannot show it. So the test photos
# were put into another light, by a function like the one above. In that light, the IoU is
# {{ablation["the recipe"].iou_lit:.2f}} if the training had changed colours, and
# {{ablation["without colour augmentation"].iou_lit:.2f}} if it had not. ([Results](../docs/results.md) has all
# numbers.) Before you copy an augmentation, measure it on your own data, person by person.
# <!-- holds: ablation["without moving augmentation"].low < 0 < ablation["without moving augmentation"].high -->
# <!-- holds: ablation["without disguise"].low < 0 < ablation["without disguise"].high -->
# <!-- holds: ablation["without colour augmentation"].low < 0 < ablation["without colour augmentation"].high -->
# <!-- holds: ablation["without disguise"].worse_persons == 3 and ablation["without disguise"].worst_person == "04" -->
# <!-- holds: ablation["without disguise"].worst_person_iou + 0.05 < ablation["the recipe"].worst_person_iou -->
# <!-- holds: ablation["without colour augmentation"].iou_lit < ablation["the recipe"].iou_lit -->
#
# How far may one go? Move the sliders, and press "draw again". Stop when you would no longer believe that this is a
# photo of a hand.

# %%
hs.explore.play_augmentation(four[1])

# %% [markdown]
# ## 11. Chance that can be repeated
#
# Until now you chose each amount. In a training, all amounts are drawn at random, but the training should give the
# same result when you run it again. So every random number has to come from a [seed](../docs/glossary.md#seed), a
# number that you choose. A *random generator* computes all random numbers from its seed. Do not use numpy's global
# random generator, because any other code can change it. Give each photo a random generator of its own. The course
# makes it from three numbers: the seed of the whole run, the epoch, and the photo's place in the list.
#
# The library's `augment` draws all amounts from such a random generator. Then it does what you have seen: one matrix,
# one table of colours, and sometimes the disguise. This is how far it goes:

# %%
hs.augment.Augmentation()

# %% [markdown]
# `flip` and `disguise` are chances: half of the photos are mirrored, and four of ten are disguised. The other numbers
# are bounds. For example, `rotate=30` draws an angle from -30 to 30 degrees.
#
# Guess before you run the next two cells. They show photo 0 in eight epochs. If you run them again, will the picture of
# epoch 3 be the same? And if photo 0 stood at another place in the list?


# %%
class HandBatches(Shuffled):
    def pair(self, k):
        rng = np.random.default_rng([self.seed, self.epoch, k])
        return hs.augment.augment(*super().pair(k), rng)


batches = HandBatches(split.train, size, batch, seed=7)
variations = []
for epoch in range(8):
    batches.start_epoch(epoch)
    variations.append(hs.plots.overlay(*batches.pair(0)))

# %%
hs.plots.images(
    variations,
    [f"epoch {epoch}" for epoch in range(8)],
    alt="The same hand in eight epochs: turned, zoomed, mirrored, lit and tinted in eight ways, its mask always on it.",
    columns=4,
)

# %% [markdown]
# Each epoch shows another variation, but the same three numbers always give the same variation. So epoch 3 will be
# the same again. At another place in the list, the photo would get another variation. It does not matter how many
# workers make the batches, or in which order. And if a training is killed in its 12th epoch, it can go on with the
# same pictures.
#
# <details>
# <summary>As published: random numbers that go round in a loop</summary>
#
# The article draws a seed from 1 to 99 for each batch, and starts numpy's global generator from this seed. The same
# generator then draws the next seed. So each seed follows from the one before. Soon a seed comes that has come
# before, and from there on everything is repeated.
#
# </details>
#
# Your data generator is now complete. The library's `hs.Batches` does the same in one piece. With `augment=True` it
# shuffles and augments. Without `augment=True`, you get the photos as they are and in order. Do your data generator
# and `hs.Batches` give the same numbers?

# %%
theirs = hs.Batches(split.train, size, batch, augment=True, seed=7)
for epoch in range(2):
    batches.start_epoch(epoch)
    theirs.start_epoch(epoch)
    for i in range(len(batches)):
        assert all(np.array_equal(mine, other) for mine, other in zip(batches[i], theirs[i]))
print(f"{len(theirs.samples)} photos, twice, and not a byte differs")

# %% [markdown]
# The network should never have to wait for its photos. With one thread, `hs.Batches` needs
# {{input_pipeline.ms_per_photo:.1f}} ms for a photo of {{input_pipeline.size}} pixels, and most of this time is spent
# on the augmentation. On a CPU, the network needs far longer than that. On a GPU the network may be faster than one
# thread. Then give `hs.Batches` more `threads`, as you would give PyTorch's `DataLoader` more workers.

# %% [markdown]
# ## 12. An augmentation is a claim
#
# Every augmentation claims something about the world. Mirroring claims that a mirrored hand is a hand. The network
# cannot check this. If a network learned to read from mirrored letters, it would take b and d for the same letter. At
# the end of this section are the scores of two networks. Only one of the two saw hands in other rooms, and the scores
# are far apart.
#
# You also make a claim by what you never change. All augmentations so far leave the hand in its room. HGR1 has only
# six walls or so. The course calls these walls the laboratory. So the photos claim that every hand is in that
# laboratory. No photo of HGR1 contradicts this claim, and so no score on HGR1 can show you the mistake.
#
# The library therefore has a second augmentation, `Elsewhere`. With a mask you can cut a hand out of its photo, and
# put it into another room. The rooms are drawn by code:

# %%
scenes = hs.drawn_rooms.scenes(12, size)  # 12 rooms, and six people to stand in them
elsewhere = hs.elsewhere.Elsewhere(scenes)
away = [elsewhere(small, small_mask, np.random.default_rng(seed)) for seed in range(11, 21)]
hs.plots.images(
    [hs.plots.overlay(*pair) for pair in away],
    [f"seed {seed}" for seed in range(11, 21)],
    alt="One hand in ten variations: in drawn rooms, small and large, in uneven light, some grey; some rooms have no hand.",
    columns=5,
)

# %% [markdown]
# Which claims do these pictures make? A hand may be small. Light may fall unevenly. A photo may be blurred, or have
# no colours, and the hand is still there. A face is not a hand, even if it has exactly the skin of the hand. The arm
# of somebody in the background is not a hand either. (The forearm that belongs to the hand is marked, as everywhere
# in HGR1. At an edge you sometimes see a piece of a second arm, as in section 8.) And there may be no hand at all:
# then every pixel of the mask is 0. About half of the photos stay in the laboratory, because the network should still
# work there.

# %%
assert all(image.shape == small.shape and np.isin(mask, (0, 1)).all() for image, mask in away)
assert any(mask.sum() == 0 for _, mask in away)
batches = hs.Batches(split.train, size, batch, augment=elsewhere, seed=7)
images, masks = batches[0]
images.shape, masks.shape

# %% [markdown]
# `hs.Batches` takes any function of `(image, mask, rng)` that returns a new image and a new mask. So you can write
# down claims of your own.
#
# Does `Elsewhere` help? On HGR1 you could not see it, because all photos of HGR1 were taken in the laboratory, the
# test photos as well. You have to leave the laboratory. So take {{rooms.photos}} pictures of hands in offices ([data
# card](../docs/data_card.md)). Two networks were tested on these pictures, in colour and made grey:
#
# | what the network learned with | IoU in colour | IoU in grey |
# |---|---|---|
# | the moves and colours of this lesson alone | {{rooms_laboratory.iou:.2f}} | {{rooms_laboratory.iou_grey:.2f}} |
# | the course's network: the same, and then `Elsewhere` and more | {{rooms.iou:.2f}} | {{rooms.iou_grey:.2f}} |
#
# In grey pictures the first network finds next to nothing. The course's network began in the same way. Then it went
# on with `Elsewhere`, for longer, and with two more changes (lesson [08](08_unseen_people.ipynb), section 17). How
# much of the gain comes from `Elsewhere` alone was not measured. And these pictures were used to choose the way to
# train. So expect a little less in other rooms.
# <!-- holds: rooms.iou > rooms_laboratory.iou + 0.05 and rooms.iou_grey > 0.5 > 0.1 > rooms_laboratory.iou_grey -->

# %% [markdown]
# ## 13. What you learned
#
# - A batch is a compromise: less noise than one photo, more steps than all photos at once.
# - A bilinear mask that is rounded down by `astype(int)` loses its outline. Compare the share of hand before and
#   after.
# - Count the rows that come out of a generator: as many as photos went in.
# - `fit(shuffle=True)` shuffles batches. Shuffle the photos in `on_epoch_end`.
# - Photo and mask are moved by the same matrix, once. Only the photo changes its colours.
# - Random numbers come from (seed, epoch, photo), never from a global generator.
# - An augmentation claims something about the world. What you never change is a claim, too. Measure whether your
#   augmentation helps.

# %% [markdown]
# ## 14. Quiz
#
# Each answer tells you why it is right or wrong.

# %%
hs.quiz("02")

# %% [markdown]
# ## 15. Next
#
# [03 The encoder](03_the_encoder.ipynb) looks into the network that will learn from these batches.
