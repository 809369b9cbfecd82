# %% [markdown]
# # 02 Batches and augmentation
#
# *Between the photos and the network stands a small piece of code that few people look at. If it is wrong, the network
# learns from wrong data, and the loss falls all the same. This lesson builds that code and checks every part of it.*
#
# **You will be able to**
# - write a data generator for Keras, piece by piece, and say what each piece is for;
# - move a photo and its mask together, without harm to either;
# - find wrong rows, shrunken outlines and repeated chance by checks of one line;
# - make every random change repeatable.
#
# **Time:** 70 minutes to work through; the computer needs {{ceil(memory["02"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** [01 Photos and masks](01_photos_and_masks.ipynb), and what a Python class is ([with
# pictures](https://realpython.com/python3-object-oriented-programming/)).

# %% [markdown]
# This is the whole network of the course. This lesson is about what goes in: photos, in batches, a little different each
# time. Click on a block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network("photo")

# %% [markdown]
# ## 1. Why a network learns from batches
#
# A network is a chain of layers. Each layer computes new numbers from those of the layer before. How it does so
# depends on its [**weights**](../docs/glossary.md#weight): millions of numbers that are random at first. Training
# changes them. The [**loss**](../docs/glossary.md#loss) is one number that says how wrong the network's answer was.
#
# A network learns in steps. In each step it looks at some photos. For each of its weights it computes how the loss
# changes if the weight grows a little: this is the [gradient](../docs/glossary.md#gradient). Then every weight moves a
# little in the direction in which the loss falls. How many photos should the network look at before it moves?
#
# Try it with the smallest network there is. It gives every pixel the same probability, and has one weight, from which
# that probability is computed. At a probability of 0.5, the gradient of the usual loss on a photo is 0.5 minus the
# photo's share of skin. (The loss is binary cross-entropy, which lesson 05 explains.) So you can compare the gradient
# of one photo with the mean gradient of 4 photos and of 16.

# %%
import numpy as np

profile = hs.profile.current()
samples = profile.samples()
split = hs.split_by_person(samples)
gradients = 0.5 - np.array([hs.read_mask(s.mask).mean() for s in samples])

rng = np.random.default_rng(0)
counts = (1, 4, 16)
steps = {n: rng.choice(gradients, (200, n)).mean(axis=1) for n in counts}
print("spread of the gradient:", {n: round(float(steps[n].std()), 3) for n in counts})
assert steps[16].std() < steps[4].std() < steps[1].std()

# %%
fig, ax = hs.plots.figure(
    "Three rows of 200 dots, the gradients of batches of 1, 4 and 16 photos. The more photos, the closer the dots lie "
    "around the mean of all photos.",
    height=2.2,
)
for row, n in enumerate(counts):
    ax.plot(steps[n], row + rng.uniform(-0.25, 0.25, 200), ".", color=hs.plots.BLUE, alpha=0.5)
ax.axvline(gradients.mean(), color=hs.plots.VERMILION, label="all photos")
ax.set(yticks=range(3), yticklabels=counts, ylabel="photos in a batch", xlabel="gradient")
ax.legend(loc="upper right", fontsize=8)
fig

# %% [markdown]
# A single photo can point far away from the mean of all. With four times as many photos, the spread is half as large.
# All photos at once would give the exact mean. But then you could make only one step for the cost of a whole pass
# through the data. It would also need too much memory: during training a network keeps the outputs of all layers for
# all photos of the batch.
#
# So the usual number lies in between: a [batch](../docs/glossary.md#batch) has 8 or 16 photos. The code that hands out
# batches is called a [data generator](../docs/glossary.md#data-generator). You will now write one.

# %% [markdown]
# ## 2. Read and resize
#
# The photos have different sizes, but a batch is one array. So each photo is squashed to a square. This changes the
# proportions of the hand, which does no harm, because the predicted mask is stretched back in the same way. One could
# also keep the proportions and fill the square up with grey. But then a quarter of HGR1's squares would be grey. Small
# networks, judged on nine persons of HGR1 they had never seen, reached a hand IoU of
# {{ablation["the recipe"].iou:.3f}} with squashed photos and {{ablation["letterbox in place of squash"].iou:.3f}} with
# grey borders ([results](../docs/results.md)).
#
# When you resize a photo, a new pixel may be the mean of several old ones. But what about the mask? A mask has only 0
# and 1, and a mean lies in between. Here is one way that looks right: interpolate between neighbouring pixels (this is
# called bilinear, and is OpenCV's default), then convert to whole numbers.

# %%
import cv2

size, batch = profile.size, profile.batch_size
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
image, mask = four[0].read()
blurred = cv2.resize(mask.astype(float), (size, size))
eaten = blurred.astype(int)
print("after resizing:", len(np.unique(blurred)), "different values. After astype(int):", np.unique(eaten))

# %% [markdown]
# The values are 0 and 1, the shape is right, and a picture of it looks like a hand. So it passes every check of lesson
# 01. But `astype(int)` rounds **down**: a pixel at the edge with the value 0.9 becomes 0.
#
# How would you notice? A squashed hand must still fill the same share of the photo. So compare the shares before and
# after:

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
    print(f"{name:24} skin area {share:+.1%}")

# %%
lost = change.pop("bilinear, astype(int)")
assert -0.06 < lost < -0.008, "the outline is not eaten?"
assert max(map(abs, change.values())) < abs(lost) / 2

# %% [markdown]
# On HGR1 at 224 pixels this way loses 1.8 % of the skin. With drawn hands it is more, because the photos are smaller.
# The loss is not spread evenly: it lies along the whole outline, and a good outline is the aim of segmentation.

# %%
bold = blurred >= 0.5
y, x = np.argwhere(bold)[0]  # the hand's upper end
part = slice(max(0, y - size // 16), y + size // 4), slice(max(0, x - size // 6), x + size // 6)
hs.plots.images(
    [blurred[part], eaten[part], bold[part], (bold > eaten)],
    ["bilinear, enlarged", "then astype(int)", "or at least 0.5", "the difference, everywhere"],
    alt="The upper end of a hand's mask, enlarged: bilinear has grey pixels along the outline; astype(int) makes all "
    "of them background, a threshold of 0.5 half. The difference, over the whole mask: a thin line round the hand.",
)

# %% [markdown]
# There are two good ways. Take the [nearest pixel](../docs/glossary.md#nearest-neighbour), or interpolate and then
# **compare with 0.5**. The course takes the nearest pixel. Write `interpolation=` when you ask for it: in
# `cv2.resize(m, s, cv2.INTER_NEAREST)` the third argument means something else, and you get the bilinear way without a
# warning.
#
# For photos that become smaller, the course takes the mean of all the pixels that a new pixel covers. Otherwise fine
# textures would turn into false stripes.
#
# <details>
# <summary>As published: the article's masks</summary>
#
# The article resizes its masks in the first of these ways: bilinear, and then `astype(int)`. So all of its masks are a
# little too small.
#
# </details>


# %%
def resize(image, mask, size):
    shrinks = min(image.shape[:2]) >= size
    image = cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return image, cv2.resize(mask, (size, size), interpolation=cv2.INTER_NEAREST_EXACT)


small, small_mask = resize(image, mask, size)
for mine, theirs in zip((small, small_mask), hs.augment.resize(image, mask, size)):
    assert np.array_equal(mine, theirs)  # the library does the same

# %%
hs.plots.images(
    [image, mask, small, small_mask],
    ["photo", "mask", "squashed", "its mask"],
    alt="A photo of a hand and its mask, then both squashed to a square: the hand is a little wider or narrower.",
)

# %% [markdown]
# ## 3. Read once
#
# A training goes through all photos many times. One pass is called an [epoch](../docs/glossary.md#epoch). To decode a
# JPEG takes much longer than to copy an array. So the generator reads every photo once, and keeps it in memory **as
# uint8**, one byte a number. As float32 it would take four times the memory.
#
# Keras wants a `PyDataset`: a class that knows how many batches it has, and returns each one by its number. Here is
# its first part:

# %%
import keras


class Cache(keras.utils.PyDataset):
    """Photos and masks, read once."""

    def __init__(self, samples, size, batch_size, seed=0):
        super().__init__()
        self.samples, self.size, self.batch_size, self.seed = samples, size, batch_size, seed
        pairs = [resize(*sample.read(), size) for sample in samples]
        self.images, self.masks = (np.stack(arrays) for arrays in zip(*pairs))  # zip(*...): all photos, all masks
        self.start_epoch(0)

    def start_epoch(self, epoch):
        self.epoch, self.order = epoch, np.arange(len(self.samples))


# %%
cache = Cache(split.val, size, batch)
print(cache.images.dtype, cache.images.shape, f"{(cache.images.nbytes + cache.masks.nbytes) / 1e6:.1f} MB")
pixels = 899 * 224 * 224
print(f"all of HGR1 at 224 pixels: {4 * pixels / 1e6:.0f} MB, as floats of four bytes {16 * pixels / 1e6:.0f} MB")

# %% [markdown]
# ## 4. Exercise: count the batches (warm-up)
#
# How many batches does an epoch have? The photos seldom divide evenly, so the last batch may have fewer. Write a
# function that takes the number of photos and the size of a batch. It returns two whole numbers: how many batches an
# epoch has, and how many photos are in the last one. Every photo is used, and there is at least one photo.


# %%
def count_batches(photos, size):
    # <solution>
    batches = -(-photos // size)  # rounds up
    return batches, photos - (batches - 1) * size
    # </solution>


# %%
hs.check.count_batches(count_batches)

# %% [markdown]
# ## 5. The last batch
#
# Now fill the batches. Here is one way: make an array for a full batch with `np.empty`, and put the photos into its
# rows.


# %%
class Published(Cache):
    def __len__(self):
        return int(np.ceil(len(self.samples) / self.batch_size))

    def __getitem__(self, index):
        first = index * self.batch_size
        X = np.empty((self.batch_size, self.size, self.size, 3), np.float32)
        y = np.empty((self.batch_size, self.size, self.size, 1))
        for i, k in enumerate(self.order[first : first + self.batch_size]):
            X[i], y[i, ..., 0] = self.images[k] / 255, self.masks[k]
        return X, y


# %% [markdown]
# Try it with one photo more than fits into a batch. How many rows come out?

# %%
few = split.train[: batch + 1]
published = Published(few, size, batch)
rows = sum(len(published[i][0]) for i in range(len(published)))
print(f"{len(few)} photos, {len(published)} batches, {rows} rows: {rows - len(few)} rows too many")

# %% [markdown]
# What is in the rows that nobody filled? The name `np.empty` is misleading. The function gives you a piece of memory
# as it is, with whatever was in it before: zeros, an old batch, or meaningless numbers.

# %%
X, y = published[len(published) - 1]
hs.plots.images(
    [X[0], *np.nan_to_num(X[1:4]).clip(0, 1)],
    ["the last photo", *["nobody's row"] * 3],
    alt="The first rows of the last batch: one hand, then whatever was in memory: old photos, black, or noise.",
)

# %% [markdown]
# The network is trained on these rows and, worse, **scored** on them. The code runs, and the loss is a number. How
# would you notice?
#
# You could look at the values: a mask has only zeros and ones. But the memory may hold zeros, or an old mask, and then
# this check finds nothing. **Counting** always works: as many rows must come out as photos went in.


# %%
def count_rows(batches):
    return sum(len(batches[i][0]) for i in range(len(batches)))


print(f"values in the masks: {np.unique(y)[:4]} ... rows: {count_rows(published)} of {len(few)}")
assert count_rows(published) > len(few)

# %% [markdown]
# The remedy: do not reserve any rows. Collect the photos that are there, and stack them. The last batch is then
# smaller, and Keras accepts that.
#
# <details>
# <summary>As published: the article's last batch</summary>
#
# The article fills its batches with `np.empty`, as above. Its test set has 180 photos in batches of 16. So the last
# batch holds 4 photos and 12 rows of something else.
#
# </details>


# %%
class InOrder(Cache):
    def __len__(self):
        return int(np.ceil(len(self.samples) / self.batch_size))

    def __getitem__(self, index):
        chosen = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        images, masks = (np.stack(arrays) for arrays in zip(*[self.pair(k) for k in chosen]))
        return images, masks[..., None]

    def pair(self, k):
        return self.images[k], self.masks[k]


# %%
batches = InOrder(few, size, batch)
assert count_rows(batches) == len(few)
X, y = batches[len(batches) - 1]
print(f"the last batch: {X.shape} {y.shape}")

# %% [markdown]
# ## 6. Shuffle photos, not batches
#
# Photos that are neighbours in the list look alike: they show the same person or the same gesture. A batch of
# neighbours tells hardly more than a single photo. So the order should be different in every epoch. The method `fit`
# has an argument for that, `shuffle=True`, which is on by default. What does it shuffle? Record which photos are used,
# and when:


# %%
def watch(batches, shuffle):
    """Trains a tiny network for two epochs. Returns the photos' places in the list, as they came."""
    seen, pair = [], batches.pair
    batches.pair = lambda k: seen.append(k) or pair(k)  # notes k, then gives the pair as before
    net = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    net.compile("sgd", "binary_crossentropy")
    net.fit(batches, shuffle=shuffle, epochs=2, verbose=0)
    return np.reshape(seen[-2 * len(batches.samples) :], (2, -1))  # before it begins, Keras peeks at two batches


# %%
keras.utils.set_random_seed(0)
listed = split.train[: 6 * batch]
shuffled, _ = watch(InOrder(listed, 32, batch), shuffle=True)
batches_of = [shuffled[i : i + batch] for i in range(0, len(listed), batch)]
print("the order of the batches:", [int(b[0]) // batch for b in batches_of])
print("the photos in the first: ", batches_of[0])

# %% [markdown]
# The batches come in a new order. But **inside** each batch the photos are still neighbours. Keras asks for batches by
# number, so it can only change the order of the numbers. The generator itself has to shuffle the photos. Keras calls
# its method `on_epoch_end` after each epoch, and this is the place for it.


# %%
class Shuffled(InOrder):
    def start_epoch(self, epoch):
        super().start_epoch(epoch)
        np.random.default_rng([self.seed, epoch]).shuffle(self.order)

    def on_epoch_end(self):
        self.start_epoch(self.epoch + 1)


mixed, again = watch(Shuffled(listed, 32, batch), shuffle=False)
assert sorted(shuffled) == sorted(mixed) == sorted(again) == list(range(len(listed)))  # each photo once an epoch
strips = {"as listed": sorted(mixed), "fit(shuffle=True)": shuffled, "own, epoch 1": mixed, "own, epoch 2": again}

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
# The white lines separate the batches. In the last two rows each batch is well mixed. The course also passes
# `shuffle=False` to `fit`, so that chance comes from one place only. That is easier to repeat.

# %% [markdown]
# ## 7. Move photo and mask together
#
# There are only seven persons to train on. But a hand that is turned a little is still a hand, and its mask is the old
# mask, turned in the same way. So you can show each photo in many variations. This is called
# [augmentation](../docs/glossary.md#augmentation). It is also a claim: you say that hands like these occur.
#
# Turning, zooming, slanting, shifting and mirroring all keep straight lines straight. Each of them can be written as a
# small matrix that says where the pixel at (x, y) goes:
#
# $$\begin{pmatrix} x' \\ y' \end{pmatrix} = \begin{pmatrix} a & b & c \\ d & e & f \end{pmatrix} \begin{pmatrix} x \\ y \\ 1 \end{pmatrix}$$
#
# Several moves, one after another, are again one such matrix: the product of theirs. (Before you multiply two of them,
# add a row 0, 0, 1 to each.)


# %%
def affine(side, degrees=0, scale=1, shear=0, shift=(0, 0), mirror=1):
    """A 2x3 matrix that moves pixels about the middle of a square of that side."""
    angle = np.deg2rad(degrees)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = scale * rotation @ np.array([[1, shear], [0, 1]]) @ np.diag([mirror, 1])
    middle = np.array([side - 1, side - 1]) / 2
    return np.column_stack([linear, middle + shift - linear @ middle])


def warp(image, mask, matrix):
    border = {"borderMode": cv2.BORDER_REFLECT_101}  # what lies outside the photo: its mirror image, in both
    image = cv2.warpAffine(image, matrix, mask.shape[::-1], flags=cv2.INTER_LINEAR, **border)
    return image, cv2.warpAffine(mask, matrix, mask.shape[::-1], flags=cv2.INTER_NEAREST, **border)


# %% [markdown]
# Photo and mask are moved by the **same matrix**. If you draw a random angle for each of them, the masks no longer fit
# their hands, and the network learns from wrong masks.

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
hs.plots.images(
    [pair[0] for pair in moved] + [pair[1] for pair in moved],
    [*moves, *[""] * len(moves)],
    alt="The same hand as it is, turned, zoomed, slanted, shifted and mirrored, and below each its mask, moved alike.",
    columns=6,
)

# %%
assert all(set(np.unique(m)) <= {0, 1} for _, m in moved)  # masks stay masks

# %% [markdown]
# Why one matrix, and not one move after another? Each move **interpolates**: a new pixel is the mean of several old
# ones. After one move you hardly see it. After eight moves the photo is blurred, and the edge of the mask is ragged.
# Take the sharpest photo at hand and turn it by 20 degrees, once in one move and once in eight small ones.


# %%
def sharpness(image):
    """Mean difference between neighbouring pixels."""
    return np.abs(np.diff(image.astype(float), axis=1)).mean()


k = max(range(len(cache.images)), key=lambda k: sharpness(cache.images[k]))
at_once = warp(cache.images[k], cache.masks[k], affine(size, degrees=20))
stepwise = cache.images[k], cache.masks[k]
for _ in range(8):
    stepwise = warp(*stepwise, affine(size, degrees=20 / 8))

# %%
middle = slice(size // 4, -size // 4)
once, steps = ([array[middle, middle] for array in pair] for pair in (at_once, stepwise))
left = sharpness(steps[0]) / sharpness(once[0])
print(f"sharpness after eight turns: {left:.0%} of that after one")
assert left < 0.95
hs.plots.images(
    [once[0], steps[0], once[1], steps[1]],
    ["turned at once", "in eight turns", "mask, at once", "in eight turns"],
    alt="The middle of a photo, turned at once: sharp; in eight small turns: blurred. The masks: smooth, and ragged.",
)

# %% [markdown]
# ## 8. Exercise: mirror a pair (core)
#
# The mirror image of a right hand is a left hand. Write a function that mirrors a photo and its mask **together, in
# half of all cases**, left to right, and returns both. `rng` is a numpy generator: `rng.random()` gives a number from
# 0 to 1. The photo has the shape (height, width, 3) and the mask (height, width). Do not change the two arrays that
# you are given, because the cache still needs them. You need no matrix here: slices are enough.


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
# ## 9. Change the colours of the photo
#
# Rooms differ in their light, and cameras differ too. So change the photo's colours. The mask has no colours and stays
# as it is.
#
# A channel has only 256 possible values. So compute once what becomes of each value, and look it up for every pixel.
# This is fast. There are four changes. *Gamma* raises the brightness to a power: above 1 it darkens the shadows, and
# leaves black and white where they are. *Contrast* stretches the values around middle grey. *Light* adds a number.
# *Tint* multiplies each channel by a number of its own. (`rint` rounds to the nearest whole number, which `astype`
# alone would not do.)


# %%
def recolour(image, gamma=1, contrast=1, light=0, tint=(1, 1, 1)):
    levels = np.linspace(0, 1, 256)[:, None] ** gamma
    table = ((levels - 0.5) * contrast + 0.5 + light) * tint * 255
    return cv2.LUT(image, np.clip(np.rint(table), 0, 255).astype(np.uint8).reshape(1, 256, 3))


# %%
colours = {
    "as it is": recolour(small),
    "gamma 1.3": recolour(small, gamma=1.3),
    "more contrast": recolour(small, contrast=1.25),
    "less light": recolour(small, light=-0.12),
    "a warm tint": recolour(small, tint=(1.1, 1.0, 0.9)),
}
assert np.array_equal(colours["as it is"], small)

# %%
hs.plots.images(
    list(colours.values()),
    list(colours),
    alt="The same hand as it is, with a higher gamma, with more contrast, with less light, and with a warm tint.",
    columns=5,
)

# %% [markdown]
# One more change is not about light. With few persons in the training photos there are few clothes and few walls. Then
# colour alone may be enough to tell hand from background, and the network learns nothing else. If somebody then comes
# in a salmon T-shirt, the network marks the shirt. So the course sometimes gives patches of the background the colour
# of skin, or another colour. Texture and shape are then the only help. This change needs the mask, because the hand
# must stay as it is.

# %%
disguised = [hs.augment.disguise(small, small_mask, np.random.default_rng(seed)) for seed in range(4)]
assert all(np.array_equal(other[small_mask == 1], small[small_mask == 1]) for other in disguised)
hs.plots.images(
    [small, *disguised],
    ["as it is", *(f"disguised, seed {seed}" for seed in range(4))],
    alt="The same hand five times; in four of them, patches of the background have other colours, most near the skin's.",
    columns=5,
)

# %% [markdown]
# Does it help? This was measured on HGR1. Nine persons were each judged by a small network (96 pixels, six epochs)
# that had learned from six others. With everything, its hand IoU is {{ablation["the recipe"].iou:.3f}}.
#
# | what is different | hand IoU |
# |---|---|
# | nothing | {{ablation["the recipe"].iou:.3f}} |
# | without the moves of section 7 | {{ablation["without moving augmentation"].iou:.3f}} |
# | without the disguise | {{ablation["without disguise"].iou:.3f}} |
# | without the changes of colour | {{ablation["without colour augmentation"].iou:.3f}} |
# | colours changed twice as much | {{ablation["colours twice as strong"].iou:.3f}} |
#
# <!-- holds: ablation["without moving augmentation"].low < 0 < ablation["without moving augmentation"].high -->
# <!-- holds: ablation["without disguise"].low < 0 < ablation["without disguise"].high -->
# <!-- holds: max(ablation["without moving augmentation"].iou, ablation["without disguise"].iou) < ablation["the recipe"].iou -->
# <!-- holds: ablation["colours twice as strong"].iou < ablation["the recipe"].iou -->
# <!-- holds: ablation["without colour augmentation"].low < 0 < ablation["without colour augmentation"].high -->
#
# The differences are small. For the first three changes they are within the range of chance: nine persons are too few
# to tell them from zero. The disguise helps three of the nine persons, above all the one in the salmon T-shirt.
# Without it, that person's IoU is {{ablation["without disguise"].worst_person_iou:.3f}}, by far the lowest. The other
# six lose a little.
#
# <!-- holds: ablation["without disguise"].worse_persons == 3 and ablation["without disguise"].worst_person == "04" -->
#
# So should you leave the colours alone? Look at what was tested. All of HGR1 was photographed in much the same light,
# so this test cannot show what the colours are for. The same photos were therefore judged once more, made darker, or
# with deeper shadows, or in a warm or a cold light:
#
# | colours | in HGR1's own light | in another light |
# |---|---|---|
# | as strong as the course's | {{ablation["the recipe"].iou:.3f}} | {{ablation["the recipe"].iou_lit:.3f}} |
# | twice as strong | {{ablation["colours twice as strong"].iou:.3f}} | {{ablation["colours twice as strong"].iou_lit:.3f}} |
# | none | {{ablation["without colour augmentation"].iou:.3f}} | {{ablation["without colour augmentation"].iou_lit:.3f}} |
# <!-- holds: ablation["without colour augmentation"].iou_lit < ablation["the recipe"].iou_lit < ablation["colours twice as strong"].iou_lit -->
#
# A test can only tell you about what is in it. And this second test is an easy one: its light was made by the same
# function `recolour`, only stronger. A network that was trained with `recolour` has seen something similar. Photos
# from other rooms would be a better test.
#
# The course keeps the colours, because its network is meant to work in your room as well. Before you copy an
# augmentation, measure it on your own data, person by person, and look at the interval
# ([results](../docs/results.md)).

# %% [markdown]
# How far may one go? Move the sliders, and let the dice fall again. Stop where you would no longer believe that the
# photo is one of a hand. The box at the end shows what a soft interpolation does to the mask's edge.

# %%
hs.explore.play_augmentation(four[1])

# %% [markdown]
# ## 10. Chance that can be repeated
#
# Now draw the amounts at random. A training should give the same result when you run it again. So every random number
# has to come from a [seed](../docs/glossary.md#seed): a number that you choose, and from which a generator computes
# all others.
#
# numpy also has one global generator, which all code shares. Avoid it: any other piece of code can change its state.
# Give each photo a generator of its own instead. The course makes it from three numbers: the seed of the whole run,
# the epoch, and the photo's place in the list.
#
# <details>
# <summary>As published: chance that repeats itself</summary>
#
# For each batch, the article draws a number from 1 to 99 from numpy's global generator. It passes the number as a seed
# to two of Keras's old `ImageDataGenerator`s, one for the photos and one for the masks. So both mirror in the same
# way. But that class sets the state of the **global** generator from the seed, and the article then draws the next
# number from this state. Each number therefore follows from the one before. Whichever of the 99 numbers comes first,
# within a hundred batches the numbers go round in a loop of one to seven. Nothing fails, and the photos still look
# random. You would notice it by printing what was drawn. Half of its mirrors also turn the photo upside down, and
# people seldom hold a camera that way.
#
# </details>

# %%
far = hs.augment.Augmentation()  # how far each amount may go to either side: this is the course's choice
far


# %%
def around(rng, width, count=None):
    return rng.uniform(-width, width, count)


def augment(image, mask, rng):
    """One variation of a photo and its mask. All amounts are drawn from rng, in this order."""
    side = len(mask)
    degrees, scale, shear = around(rng, far.rotate), rng.uniform(*far.scale), around(rng, far.shear)
    shift, mirror = around(rng, far.shift, 2) * side, -1.0 if rng.random() < far.flip else 1.0
    image, mask = warp(image, mask, affine(side, degrees, scale, shear, shift, mirror))
    gamma, contrast = 1 + around(rng, far.gamma), 1 + around(rng, far.contrast)
    light, tint = around(rng, far.light), 1 + around(rng, far.tint, 3)
    image = recolour(image, gamma, contrast, light, tint)
    return (hs.augment.disguise(image, mask, rng) if rng.random() < far.disguise else image), mask


# %%
class HandBatches(Shuffled):
    def pair(self, k):
        rng = np.random.default_rng([self.seed, self.epoch, k])
        return augment(*super().pair(k), rng)


batches = HandBatches(split.train, size, batch, seed=7)
last = batches[len(batches) - 1]
for i in range(len(batches)):  # in another order, and as often as you like
    batches[i]
assert np.array_equal(batches[len(batches) - 1][0], last[0])

# %% [markdown]
# The same three numbers give the same picture. It does not matter how many workers make the batches, or in which
# order. And if a training is killed in its 12th epoch, it can go on with the same pictures. Another epoch gives
# another picture:

# %%
variations = []
for epoch in range(8):
    batches.start_epoch(epoch)
    variations.append(hs.plots.overlay(*batches.pair(0)))
hs.plots.images(
    variations,
    [f"epoch {epoch}" for epoch in range(8)],
    alt="The same hand in eight epochs: turned, zoomed, mirrored, lit and tinted in eight ways, its mask always on it.",
    columns=4,
)

# %% [markdown]
# ## 11. Exercise: check a generator (stretch)
#
# Checks are most useful when they run by themselves. Write a function that checks any generator. It takes the
# generator and the number of photos. It returns `True` if, over all batches, as many rows come out as there are
# photos, and if every mask holds only zeros and ones. Otherwise it returns `False`. `len(batches)` is the number of
# batches, and `batches[i]` gives the photos and masks of one.


# %%
def is_sound(batches, photos):
    # <solution>
    masks = [batches[i][1] for i in range(len(batches))]
    return sum(map(len, masks)) == photos and all(np.isin(m, (0, 1)).all() for m in masks)
    # </solution>


# %%
hs.check.is_sound(is_sound)

# %% [markdown]
# Which mistakes of this lesson does this check find? It finds extra rows and grey masks. It does not find a mask that
# is too small, or one that no longer fits its hand. For those you have to compare areas and look at pictures.

# %% [markdown]
# ## 12. Your generator and the library's
#
# This is the whole generator. `hs.Batches` is the same in one piece. With `augment=True` it shuffles and augments.
# Without it, it gives the photos as they are and in order, for validation and test. Do both give the same numbers?

# %%
theirs = hs.Batches(split.train, size, batch, augment=True, seed=7)
plain, theirs_plain = InOrder(few, size, batch), hs.Batches(few, size, batch)
for epoch in range(2):
    batches.start_epoch(epoch)
    theirs.start_epoch(epoch)
    for i in range(len(batches)):
        assert all(np.array_equal(mine, other) for mine, other in zip(batches[i], theirs[i]))
for i in range(len(plain)):
    assert all(np.array_equal(mine, other) for mine, other in zip(plain[i], theirs_plain[i]))
print(f"{count_rows(theirs)} photos, twice, and not a byte differs")

# %% [markdown]
# How fast is it? The network should never have to wait for the generator. Compare it with one that reads the files
# each time:

# %%
import time

start = time.perf_counter()
for sample in split.val:
    augment(*resize(*sample.read(), size), rng)
from_disk = (time.perf_counter() - start) / len(split.val)

start = time.perf_counter()
for i in range(len(batches)):
    batches[i]
from_memory = (time.perf_counter() - start) / len(split.train)
print(f"a photo from the disk: {1000 * from_disk:.1f} ms, from memory: {1000 * from_memory:.1f} ms")

# %% [markdown]
# Both times include the augmentation, which is most of the second. The larger the files are, the larger the
# difference.

# %% [markdown]
# ## 13. An augmentation is a claim
#
# Every augmentation claims something about the world. Mirroring claims that a mirrored hand is a hand. Turning by 30
# degrees claims that people hold their hands a little this way or that. The network cannot check such a claim. It
# believes what it is shown. If you taught it to read, and mirrored its letters, it would believe that b and d are one.
#
# What you do **not** vary is a claim, too. All augmentations so far leave the hand in front of the wall where it was
# photographed, and HGR1 was photographed in a laboratory. So they claim that every hand is in that laboratory. No photo
# of HGR1 contradicts this, and so no score on HGR1 can show you the mistake.
#
# The library therefore has a second augmentation, `Elsewhere`. You have the masks, so you can cut a hand out, and you can
# put it into another room. The rooms are drawn by code:

# %%
scenes = hs.drawn_rooms.scenes(12, size)  # 12 rooms, and six people to stand in them
elsewhere = hs.elsewhere.Elsewhere(scenes)
away = [elsewhere(small, small_mask, np.random.default_rng(seed)) for seed in range(10)]
hs.plots.images(
    [hs.plots.overlay(*pair) for pair in away],
    [f"seed {seed}" for seed in range(10)],
    alt="One hand in ten variations: in drawn rooms, small and large, in uneven light, some grey; some rooms have no hand.",
    columns=5,
)

# %% [markdown]
# Read the claims from the pictures. A hand may be small. Light may fall unevenly, and a shadow may run across the hand.
# A photo may be blurred, or have no colours at all: the hand is still there. A face and a bare arm are not hands, even
# if they have exactly the same skin; the people here wear the skin of the hand itself. And there may be no hand at all,
# and then every pixel of the mask is 0.
# Not every photo leaves the laboratory: two in five stay there, for the network shall still know it.

# %%
assert all(image.shape == small.shape and np.isin(mask, (0, 1)).all() for image, mask in away)
assert any(mask.sum() == 0 for _, mask in away)
batches = hs.Batches(split.train, size, batch, augment=elsewhere, seed=7)
images, masks = batches[0]
images.shape, masks.shape

# %% [markdown]
# `hs.Batches` takes any function of `(image, mask, rng)` that returns a new image and a new mask, so you can write down
# claims of your own.
#
# What does it win? On HGR1, nothing: there, the claim that it takes back was true. You have to leave the laboratory to
# see it. The course's network has learned with sections 7 to 9 alone. On 60 photos of hands in offices
# ([data card](../docs/data_card.md)) it has an IoU of {{rooms.iou:.2f}}, and if the same photos are made grey,
# {{rooms.iou_grey:.2f}}. A network that has learned with `Elsewhere` has {{rooms_elsewhere.iou:.2f}}, and
# {{rooms_elsewhere.iou_grey:.2f}} in grey. Lesson [08](08_unseen_people.ipynb) looks at this gap.
# <!-- holds: rooms_elsewhere.iou > rooms.iou + 0.05 and rooms_elsewhere.iou_grey > 0.5 > 0.1 > rooms.iou_grey -->

# %% [markdown]
# ## 14. What you learned
#
# - A batch is a compromise: less noise than one photo, more steps than all photos at once.
# - A bilinear mask that is cut down by `astype(int)` loses its outline. Compare the share of skin before and after.
# - `np.empty` leaves old numbers in its rows. Count the rows that come out.
# - `fit(shuffle=True)` shuffles batches. Shuffle the photos in `on_epoch_end`.
# - Photo and mask are moved by the same matrix, once. Only the photo changes its colours.
# - Random numbers come from (seed, epoch, photo), never from a global generator.
# - An augmentation claims something about the world. What you leave as it is, is a claim, too.

# %% [markdown]
# ## 15. Quiz
#
# Each answer tells you why it is right or wrong.

# %%
hs.quiz("02")

# %% [markdown]
# ## 16. Next
#
# [03 The encoder](03_the_encoder.ipynb) looks into the network that will learn from these batches.
