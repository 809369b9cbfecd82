# %% [markdown]
# # 01 Photos and masks
#
# *A network learns whatever you show it. If you show it the wrong thing, it does not tell you. This lesson looks at
# the data before any network does.*
#
# **You will be able to**
# - say what is in a photo and in a mask, number by number;
# - notice when a file reader gives you something else than you think, or when a mask is the wrong way round;
# - split a data set so that its score means something;
# - make a data set of your own folder, and have it checked.
#
# **Time:** 45 minutes to work through; the computer needs {{ceil(memory["01"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** a little Python and numpy ([numpy in a
# page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# This is the whole network of the course, with a hand on its way through. It learns from its two ends alone: the
# photo that goes in, and the mask that should come out. Click on a block to open it, or use Tab and the arrow keys.

# %%
hs.explore.open_network(("photo", "hand"))

# %% [markdown]
# ## 1. Pairs
#
# Many mistakes in segmentation are mistakes in the data, and they raise no error. So look at the data first.
#
# [Segmentation](../docs/glossary.md#segmentation) means to say for each pixel of a photo what it shows. To learn it, a
# network needs pairs: a photo, and a [mask](../docs/glossary.md#mask) of the same size that says for each pixel
# whether it shows skin. The data set of this course, [HGR1](../docs/glossary.md#hgr1), has 899 such pairs. They show
# 12 people, each making up to 27 signs with one hand.
#
# If HGR1 is not on this machine, the course [draws hands](../docs/glossary.md#drawn-hands) of its own. They have the
# same folders, the same kind of file names and the same kind of masks. So every line below works with both.

# %%
profile = hs.profile.current()
samples = profile.samples()
print(f"{len(samples)} pairs. The first:")
samples[0].image.name, samples[0].mask.name

# %% [markdown]
# The file name begins with the [gesture](../docs/glossary.md#gesture), the sign that the hand makes. The number after
# `id` is the person. A [`Sample`](../docs/glossary.md#sample) keeps both, together with the two paths. How many photos
# are there of each person?

# %%
import pandas as pd

table = pd.DataFrame({"person": [s.person for s in samples], "gesture": [s.gesture for s in samples]})
table.groupby("person").size().to_frame("photos").T

# %% [markdown]
# Here they are: a row for each person, a column for each gesture. Point at a photo, and its mask appears. Click on it,
# or go there by Tab and the arrow keys, to see it large.

# %%
hs.explore.wall(samples)

# %% [markdown]
# ## 2. What is in a photo
#
# A colour photo is an array of numbers: rows, then columns, then three [channels](../docs/glossary.md#channel), red,
# green and blue. Each number is a whole number from 0 (dark) to 255 (bright).

# %%
image, mask = samples[0].read()
print("shape", image.shape, " dtype", image.dtype, " from", image.min(), "to", image.max())
image[0, 0]  # the pixel in the upper left corner: red, green, blue

# %%
channels = [image[..., c] / 255 for c in range(3)]
hs.plots.images(
    [image, *channels],
    ["photo", "red", "green", "blue"],
    alt="A photo of a hand, and its red, green and blue channels as grey pictures. Skin is brightest in the red one.",
)

# %% [markdown]
# Skin of any tone is brighter in red than in blue, as long as the light has no colour of its own. For decades people
# built hand detectors on this. But it is not enough, because wood, cardboard and lamplight are red, too. Lesson 08
# measures how far it goes.

# %% [markdown]
# ## 3. What is in a mask
#
# Now the mask. Many people read it with matplotlib. Look at what comes back. Do not rely on a picture of it: print the
# shape, the dtype and the values.

# %%
import matplotlib.pyplot as plt
import numpy as np

raw = plt.imread(samples[0].mask)
print("shape", raw.shape, " dtype", raw.dtype, " values", np.unique(raw), " writeable", raw.flags.writeable)

# %% [markdown]
# There are four channels. In a picture with four channels the last one is usually alpha, which says how opaque each
# pixel is. Are there really four channels in the file, or did the reader make them? You can test it. If the channels
# held different things, they would differ from each other.

# %%
red, green, blue, alpha = np.moveaxis(raw, -1, 0)
print("colours all the same:", np.array_equal(red, green) and np.array_equal(green, blue))
print("values of alpha:", np.unique(alpha))

# %% [markdown]
# The first three channels are the same, and the fourth is 255 everywhere. So the four channels were made by the
# **reader**. The array has another problem: you cannot write into it.

# %%
try:
    raw[raw == 0] = 1
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# This error is a piece of luck, because you notice it. No other mistake in this lesson raises one. Pillow tells you
# what is in the file:

# %%
from PIL import Image

picture = Image.open(samples[0].mask)
grey = np.array(picture.convert("L"))
print("mode", picture.mode, " size", picture.size, " shape", grey.shape, " values", np.unique(grey))
assert grey.shape == image.shape[:2] and len(np.unique(grey)) == 2

# %% [markdown]
# The mode `1` means **one bit for each pixel**: one channel and two values, black and white. `convert("L")` makes 0
# and 255 of them. Without it you would get False and True. The `assert` would have found the problem: a mask has the
# height and the width of the photo, no third axis, and two values.
#
# <details>
# <summary>As published: masks with four channels</summary>
#
# The article reads the masks with matplotlib, and says: "The masks have 4 channels, the last one is alpha channel".
# Its next step writes into the array, and stops with the error above.
#
# </details>

# %% [markdown]
# ## 4. Exercise: how much is skin? (warm-up)
#
# You cannot look at 899 masks one by one. A number that describes each mask helps. Write a function that takes a mask
# of 0 and 1, where 1 is skin, and returns the share of its pixels that show skin: 0 for none, 1 for all.


# %%
def skin_share(mask):
    # <solution>
    return mask.mean()
    # </solution>


# %%
hs.check.skin_share(skin_share)

# %% [markdown]
# ## 5. Which way round?
#
# The file has two values, black (0) and white (255). **Which of them is the hand?** Most people would guess white.
# Make this guess, and look at the share of skin in all masks.

# %%
guessed = [(np.array(Image.open(s.mask).convert("L")) > 127).mean() for s in samples]
print(f"skin share, if white is skin: mean {np.mean(guessed):.2f}, from {min(guessed):.2f} to {max(guessed):.2f}")
assert np.mean(guessed) > 0.5

# %% [markdown]
# There is no error. If you trained on these masks, the [loss](../docs/glossary.md#loss), the number that training
# makes small, would fall as usual. The network would learn to outline everything but the hand. How can you notice? You
# know that a hand seldom fills half of a photo, but nearly all of these "hands" do. So the guess was wrong: in the
# files of HGR1 the hand is **black**.
#
# The course turns this round once, when it reads a file. From there on **1 is skin and 0 is not**, everywhere.

# %%
share = [s.read()[1].mean() for s in samples]
print(f"skin share, if black is skin: mean {np.mean(share):.2f}, from {min(share):.2f} to {max(share):.2f}")
assert np.mean(share) < 0.5, "more skin than background: are the masks inverted?"

# %%
fig, ax = hs.plots.figure(
    "Two histograms of the skin share of all masks. Read with black as skin, it lies well below a half; "
    "read with white as skin, it is the mirror image, well above a half.",
    height=2.4,
)
bins = np.linspace(0, 1, 41)
ax.hist(share, bins, color=hs.plots.BLUE, label="black is skin")
ax.hist(guessed, bins, color=hs.plots.ORANGE, hatch="///", edgecolor="white", label="white is skin")
ax.axvline(0.5, color="black", ls="--", lw=1)
ax.set(xlabel="share of the photo that is skin", ylabel="masks")
ax.legend(loc="upper center")
fig

# %%
hs.plots.images(
    [image, grey / 255, mask],
    ["photo", "the mask's file", "the mask, as the course reads it"],
    alt="A photo of a hand; its mask as it is in the file, the hand black on white; the mask as read, the hand white on black.",
)

# %% [markdown]
# The line with `assert` stays in the notebook and checks the data again in every later run. A picture checks them only
# when you look at it.

# %% [markdown]
# ## 6. Exercise: read a mask (core)
#
# Write a function that reads a mask file and returns a numpy array of shape (height, width), dtype `uint8`, with 1 where
# there is skin and 0 elsewhere. `Image.open(path).convert("L")` gives you the grey picture.


# %%
def read_mask(path):
    # <solution>
    grey = np.array(Image.open(path).convert("L"))
    return (grey < 128).astype(np.uint8)
    # </solution>


# %%
hs.check.read_mask(read_mask)

# %% [markdown]
# ## 7. Who is in the test set?
#
# A network is judged on photos that it has not seen. These photos are called the test set. The usual way is to draw a
# fifth of the files at random:

# %%
from sklearn.model_selection import train_test_split

train, test = train_test_split(samples, test_size=0.2, random_state=0)
in_both = {s.person for s in train} & {s.person for s in test}
print(f"{len(train)} to train, {len(test)} to test. People in both: {len(in_both)}")

# %% [markdown]
# No photo is in both parts, but people are. Each person was photographed many times, with the same skin, the same
# sleeve and the same room. A network that has seen 60 photos of a person knows the 61st rather well. So the score
# tells how well the network outlines the hands of *these* people. But you want to know how well it outlines the hand
# of somebody whom it has *never seen*.
#
# The two scores differ. This was measured with a table of skin colours, a very simple detector, on
# {{known_people.photos}} photos of HGR1. If it learned from other photos of the same person, its
# [IoU](../docs/glossary.md#iou) is {{known_people.known_iou:.3f}}. If it did not, its IoU is
# {{known_people.stranger_iou:.3f}}. The test photos and the number of training photos are the same in both cases. The
# mean gap is small, but it is not the same for everybody. Eleven of the twelve people do worse as strangers. For one
# of them the IoU falls from {{known_people.widest_known_iou:.3f}} to {{known_people.widest_stranger_iou:.3f}}. The
# twelfth does better as a stranger: {{known_people["12"].known:.3f}} becomes {{known_people["12"].stranger:.3f}}.
# Lesson 08 looks at this person by person.
#
# <!-- holds: sum(row.known > row.stranger for row in known_people.rows) == 11 and len(known_people.rows) == 12 -->
# <!-- holds: known_people["12"].known < known_people["12"].stranger -->
# So [split](../docs/glossary.md#split) by person. In this course persons 02, 05 and 09 are always for the test.
# Persons 04 and 11 are for validation: with their photos you choose when to stop a training and which threshold to
# use. The other seven are for training.

# %%
split = hs.split_by_person(samples)
for name, part in split._asdict().items():
    print(f"{name:5} {len(part):4} photos of persons", *sorted({s.person for s in part}))

# %%
looks = {"train": (hs.plots.SKY, ""), "val": (hs.plots.GREY, "..."), "test": (hs.plots.VERMILION, "///")}


def draw_people(ax, parts, title):
    """Bars of photos per person, one piece for each part."""
    people, base = sorted({s.person for s in samples}), 0
    for name, part in parts.items():
        count = np.array([sum(s.person == person for s in part) for person in people])
        colour, hatch = looks[name]
        ax.bar(people, count, bottom=base, color=colour, hatch=hatch, edgecolor="white", label=name)
        base = base + count
    ax.set(title=title, xlabel="person", ylabel="photos")
    ax.legend(loc="upper center", ncols=len(parts), fontsize=8)


# %%
fig, axes = hs.plots.figure(
    "Two charts of photos per person. Drawn by lot, nearly every person's bar has a piece for training and a piece for "
    "the test. Split by person, each bar is of one kind: training, validation or test.",
    columns=2,
    sharey=True,
)
draw_people(axes[0], {"train": train, "test": test}, "by lot")
draw_people(axes[1], split._asdict(), "by person")
axes[0].set_ylim(0, 1.25 * axes[0].get_ylim()[1])  # room for the legends
axes[0].locator_params(axis="y", integer=True)
fig

# %%
assert not {s.person for s in split.train} & {s.person for s in split.test}
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
hs.plots.samples(four)

# %% [markdown]
# You will meet these four hands again in every lesson: as batches, as features, and in the end as predictions.
#
# Three test persons are few. A score on them says little about a fourth person, and lesson 08 shows how little. But it
# is an answer to the right question. A score on photos of known people is not, even with a thousand of them.

# %% [markdown]
# ## 8. Exercise: choose the test persons (stretch)
#
# The test persons of the course are fixed, so that all scores can be compared. For your own data you have to draw
# some. Write a function that draws `count` persons at random and returns two lists: the samples to train on, and the
# samples of the persons drawn. Each sample has a `person`. `rng` is a numpy generator, and
# `rng.choice(names, count, replace=False)` draws from a list.
#
# Sort the persons before you draw. The order of a Python `set` of names changes whenever Python starts, and then the
# same seed would draw other people.


# %%
def deal(samples, count, rng):
    # <solution>
    people = sorted({s.person for s in samples})
    drawn = rng.choice(people, count, replace=False)
    return [s for s in samples if s.person not in drawn], [s for s in samples if s.person in drawn]
    # </solution>


# %%
hs.check.deal(deal)

# %% [markdown]
# ## 9. Your own folder
#
# You can make a data set of your own: put photos in one folder and masks in another, and give the two that belong
# together the same name. `hs.pair` makes samples of them. It reads JPEG, PNG and most other formats (HEIC after
# `pip install pillow-heif`).
#
# There are two things that no program can see, so you have to say them:
#
# - **whose hand it is**, by a pattern in the file's name. If you do not say it, all photos count as one person's, and
#   they cannot be split by person;
# - **whether skin is black or white** in the masks. (If a mask has 1 for the left hand and 2 for the right one, say
#   `skin=(1, 2)`.)
#
# In this example, six pairs are copied to a new folder, and **one mask is inverted on purpose**. Nothing would stop
# you from training on it. So before you train on any folder, call `hs.check_pairs`.

# %%
import shutil
import tempfile
from pathlib import Path

from PIL import ImageOps

own = Path(tempfile.mkdtemp())  # yours would be Path("my_hands")
for sample in samples[:: len(samples) // 6][:6]:
    for path, part in ((sample.image, "photos"), (sample.mask, "masks")):
        (own / part).mkdir(exist_ok=True)
        last = shutil.copy(path, own / part)
ImageOps.invert(Image.open(last)).save(last)

checked = hs.check_pairs(hs.pair(own / "photos", own / "masks", person=r"id(\d+)", skin="black"))
checked

# %%
checked.figure()

# %% [markdown]
# ## 10. What you learned
#
# - A photo is an array of (height, width, 3) numbers from 0 to 255. A mask is an array of (height, width) numbers, 0
#   or 1.
# - After you read a file, print shape, dtype and values.
# - The masks of HGR1 have one bit for each pixel. The four channels came from the reader.
# - In these files black is skin. An inverted mask raises no error, but its share of skin is too large.
# - Write down what must be true of the data, such as the share of skin, and check it with `assert`.
# - Split by person. Otherwise the score is about people whom the network knows.
# - Two folders make a data set. Check it before you train.

# %% [markdown]
# ## 11. Quiz
#
# Each answer tells you why it is right or wrong.

# %%
hs.quiz("01")

# %% [markdown]
# ## 12. Next
#
# [02 Batches and augmentation](02_batches_and_augmentation.ipynb) prepares these pairs for a network, and makes more
# of them.
