# %% [markdown]
# # 01 Photos and masks
#
# *A network learns whatever you show it. If you show it wrong data, it does not tell you. This lesson looks at the
# data before any network does.*

# %% [markdown]
# This lesson is about the two ends of the network: the photo that goes in, and the mask that should come out. The
# network learns from photos and masks alone.

# %%
hs.explore.open_network(("photo", "hand"))

# %% [markdown]
# **You will be able to**
# - say what is in a photo and in a mask, number by number;
# - notice when a file reader gives you something other than what is in the file, or when a mask is the wrong way round;
# - split a data set so that its score means something;
# - make a data set of your own folder, and have it checked.
#
# **Time:** 50 minutes to work through; the computer needs {{ceil(memory["01"].wall_seconds / 60)}} of them on two CPU
# cores.
#
# **You need:** a little Python and numpy ([numpy in a
# page](https://numpy.org/doc/stable/user/absolute_beginners.html)).

# %% [markdown]
# ## 1. Pairs
#
# Many mistakes in segmentation are mistakes in the data, and they raise no error. So look at the data first.
#
# [Segmentation](../docs/glossary.md#segmentation) means to say for each pixel of a photo what it shows. To learn
# this, a network needs pairs: a photo, and a [mask](../docs/glossary.md#mask) of the same size that says for each
# pixel whether it shows skin. The data set of this course, [HGR1](../docs/glossary.md#hgr1), has 899 such pairs. They
# show 12 people, each making up to 27 signs with one hand.
#
# The masks mark all bare skin, not only the hand. If a sleeve is short, the mask marks the forearm as well. In this
# course "hand" means all the skin that the masks mark.
#
# If HGR1 is not on this machine, the course [draws hands](../docs/glossary.md#drawn-hands) of its own. The drawn
# hands have the same folders, the same kind of file names and the same kind of masks. So every line of code below
# works with both.

# %%
profile = hs.profile.current()
samples = profile.samples()
print(f"{len(samples)} pairs. The first:")
samples[0].image.name, samples[0].mask.name

# %% [markdown]
# The file name begins with the [gesture](../docs/glossary.md#gesture), the sign that the hand makes. The number after
# `id` is the person. (You can ignore the P.) A [`Sample`](../docs/glossary.md#sample) keeps the gesture and the
# person, together with the paths of the photo and of the mask. How many photos are there of each person?

# %%
import pandas as pd

table = pd.DataFrame({"person": [s.person for s in samples], "gesture": [s.gesture for s in samples]})
table.groupby("person").size().to_frame("photos").T

# %% [markdown]
# Here are the photos: a row for each person, a column for each gesture. (The figure shows eight gestures at most.)
# Point at a photo, and its mask appears. To see a photo large, click on it, or go to it with Tab and the arrow keys.

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
# In white light, skin of any tone is brighter in red than in blue. (The exception is an over-exposed spot: there,
# both are 255.) For decades people built hand detectors on this rule. But the rule is not enough. Wood and cardboard
# are red, too, and in lamplight every wall is. Lesson 08 measures how far such a detector comes.

# %% [markdown]
# ## 3. What is in a mask
#
# Now the mask. Many people read a mask with matplotlib. You could draw a picture of what matplotlib returns, but a
# picture can hide much. So print the shape, the dtype and the values.

# %%
import matplotlib.pyplot as plt
import numpy as np

raw = plt.imread(samples[0].mask)
print("shape", raw.shape, " dtype", raw.dtype, " values", np.unique(raw))
red, green, blue, alpha = np.moveaxis(raw, -1, 0)  # the last axis comes first: one array for each channel
print("colours all the same:", np.array_equal(red, green) and np.array_equal(green, blue))
print("values of alpha:", np.unique(alpha))

# %% [markdown]
# There are four channels. The last one is usually alpha, which says how opaque each pixel is. But here alpha is 255
# everywhere, and the first three channels are equal. So only one of the four tells you anything. Are the four
# channels in the file, or did the reader make them? Ask Pillow, another reader:

# %%
from PIL import Image

picture = Image.open(samples[0].mask)
grey = np.array(picture.convert("L"))
print("mode", picture.mode, " size", picture.size, " shape", grey.shape, " values", np.unique(grey))
assert grey.shape == image.shape[:2] and len(np.unique(grey)) == 2

# %% [markdown]
# The mode `1` means **one bit for each pixel**: one channel and two values, black and white. So the **reader** made
# the four channels. `convert("L")` turns the two values into 0 and 255. The `assert` would have found the problem,
# because it says what you expect: a mask has the height and the width of the photo, no third axis, and two values.
# (`assert` stops with an error if what follows it is not true.)
#
# <details>
# <summary>As published: masks with four channels</summary>
#
# The article reads the masks with matplotlib, and says: "The masks have 4 channels, the last one is alpha channel".
# The next step of the article writes into this array. But an array from `plt.imread` can only be read. So the step
# stops with an error.
#
# </details>

# %% [markdown]
# ## 4. Which way round?
#
# The file has two values, black (0) and white (255). **Which of them is the hand?** Most people would guess white.
# You cannot look at 899 masks one by one. But you can compute one number for each mask: the share of its pixels that
# are hand, as in lesson 00. Before you run the cell, write down what share of a photo you expect.

# %%
guessed = [(np.array(Image.open(s.mask).convert("L")) > 127).mean() for s in samples]
print(f"share of hand, if white is hand: mean {np.mean(guessed):.2f}, from {min(guessed):.2f} to {max(guessed):.2f}")

# %% [markdown]
# There is no error. Suppose that you trained on these masks. The [loss](../docs/glossary.md#loss), the number that
# training makes small, would fall as usual, and the network would learn to outline everything but the hand. Only the
# share shows the mistake: a hand seldom fills half of a photo, and nearly all of these "hands" do. So the guess was
# wrong. In the files of HGR1 the hand is **black**.
#
# When the course reads a mask, it swaps the two values, once. From there on **1 is hand and 0 is not**, everywhere.

# %%
share = [s.read()[1].mean() for s in samples]
print(f"share of hand, if black is hand: mean {np.mean(share):.2f}, from {min(share):.2f} to {max(share):.2f}")

# %%
fig, ax = hs.plots.figure(
    "Two histograms of the share of hand in all masks. Read with black as hand, it lies well below a half; "
    "read with white as hand, it is the mirror image, well above a half.",
    height=2.4,
)
bins = np.linspace(0, 1, 41)
ax.hist(share, bins, color=hs.plots.BLUE, label="black is hand")
ax.hist(guessed, bins, color=hs.plots.ORANGE, hatch="///", edgecolor="white", label="white is hand")
ax.axvline(0.5, color="black", ls="--", lw=1)
ax.set(xlabel="share of the photo that is hand", ylabel="masks")
ax.legend(loc="upper center")
fig

# %%
hs.plots.images(
    [image, grey / 255, mask],
    ["photo", "the mask's file", "the mask, as the course reads it"],
    alt="A photo of a hand; its mask as it is in the file, the hand black on white; the mask as read, the hand white on black.",
)

# %% [markdown]
# ## 5. Exercise: are these masks inverted? (warm-up)
#
# You noticed the wrong guess because you looked at a number. A check does this for you, in every later run. Write a
# function that takes a list of masks of 0 and 1. For each mask, take the share of ones. Return `True` if the mean of
# these shares is above a half, and `False` otherwise. The masks may differ in size, and each of them counts the same.


# %%
def looks_inverted(masks):
    # <solution>
    return np.mean([mask.mean() for mask in masks]) > 0.5
    # </solution>


# %%
hs.check.looks_inverted(looks_inverted)

# %% [markdown]
# This check fits photos such as those of HGR1. It would be wrong for close-ups, in which a hand does fill most of the
# photo. For close-ups you can look at the border of each mask, because a hand seldom covers most of the border.

# %% [markdown]
# ## 6. Exercise: read a mask (core)
#
# Write a function that reads a mask file and returns a numpy array of shape (height, width), dtype `uint8`, with 1
# where there is skin and 0 elsewhere. In the file, skin is black. `Image.open(path).convert("L")` gives you the grey
# picture.
#
# <details>
# <summary>Masks of your own may have the mode P</summary>
#
# Many labelling tools write masks whose `mode` is `P`, for palette. In such a mask each pixel has the number of a
# colour, and this number is usually the label. But `convert("L")` gives you the brightness of the colour. So take
# `np.array(picture)` without `convert`. (`hs.read_mask(path, skin=(1,))` does this for you, if 1 is the label of
# skin.)
#
# </details>


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
# A network is judged on photos that it has not seen. These photos are called the test set. Most people take a fifth
# of the files at random:

# %%
from sklearn.model_selection import train_test_split

train, test = train_test_split(samples, test_size=0.2, random_state=0)
in_both = {s.person for s in train} & {s.person for s in test}
print(f"{len(train)} to train, {len(test)} to test. People in both: {len(in_both)}")

# %% [markdown]
# No photo is in both parts, but people are. Each person was photographed many times, with the same skin, the same
# sleeve and the same wall. If a network has learned from many photos of a person, one more photo of this person is
# easy. So this score tells how well the network outlines the hands of *these* people. But you want to know how well
# it outlines the hand of somebody whom it has *never seen*.
#
# How much does it matter whether a network knows the person? It depends on the person. Here are scores of a very
# simple detector, which counts for each colour how often it is skin (lesson 08 builds this detector). They were
# measured on the 899 real photos of HGR1. (If your hands are drawn, person {{known_people.widest_person}} of this
# table is not your person {{known_people.widest_person}}.) Half of each person's photos were kept for the test,
# {{known_people.photos}} photos in all. Each person was tested twice. In the first test, the detector had also
# learned from the other half of this person's photos: it knew the person. In the second test, the detector had
# learned only from photos of other people: the person was a stranger. Both times it had learned from equally many
# photos.
#
# | [IoU](../docs/glossary.md#iou) | the detector knows the person | the person is a stranger |
# |---|---|---|
# | person {{known_people.widest_person}} | {{known_people.widest_known_iou:.3f}} | {{known_people.widest_stranger_iou:.3f}} |
# | person 12 | {{known_people["12"].known:.3f}} | {{known_people["12"].stranger:.3f}} |
# | mean of all twelve | {{known_people.known_iou:.3f}} | {{known_people.stranger_iou:.3f}} |
#
# Eleven of the twelve do worse as strangers. Person {{known_people.widest_person}} loses
# {{known_people.widest_known_iou - known_people.widest_stranger_iou:.2f}}. Person 12 does better, and so the mean
# falls only a little. But even if a mean hardly moves, one person may lose much. And you cannot know beforehand which
# person you get. So test on strangers. (These are scores of the simple detector. The course's network has not been
# tested in this way.)
# <!-- holds: 0.08 < known_people.widest_known_iou - known_people.widest_stranger_iou < 0.1 -->
# <!-- holds: sum(row.known > row.stranger for row in known_people.rows) == 11 and len(known_people.rows) == 12 -->
# <!-- holds: known_people["12"].known < known_people["12"].stranger -->
#
# Therefore [split](../docs/glossary.md#split) by person. In this course persons 02, 05 and 09 are always for the
# test. Persons 04 and 11 are for validation: with their photos you choose when to stop a training and which threshold
# to use. The other seven persons are for training.

# %%
split = hs.split_by_person(samples)
for name, part in split._asdict().items():
    print(f"{name:5} {len(part):4} photos of persons", *sorted({s.person for s in part}))

# %%
assert not {s.person for s in split.train} & {s.person for s in split.test}
four = [next(s for s in split.test if s.person == p) for p in ("02", "05", "09")] + split.train[:1]
hs.plots.samples(four)

# %% [markdown]
# You will meet these four hands again. Three of them belong to test persons. In a project of your own, do not look at
# test photos before everything has been decided. If you look, what you see will influence what you choose.
#
# A split by person separates the people, and nothing else. In HGR1 there are only about six walls. Each test person
# stands in front of a wall that some training person has, too, or in front of a wall much like it. So the test scores
# of this course are about a **new person, in front of a wall that the network knows**, or nearly knows. Lesson 08
# asks what happens in other rooms, and how little three persons say about a fourth.
#
# Other data have other groups: the photos of one patient or one place, or the pictures of one video. If two photos
# were taken one second apart, or if one is a copy of the other, they belong in the same part.
#
# <details>
# <summary>Who stands in front of which wall</summary>
#
# In HGR1, person 02 has the same brown wall as persons 03 and 06, and person 05 has the same blue wall as person 08.
# The wall of person 09 is another blue, much like that of person 10. Persons 03, 06, 08 and 10 are all in the
# training. (You do not see this in drawn hands: each drawn person has walls of their own.)
#
# </details>

# %% [markdown]
# ## 8. Exercise: choose the test persons (stretch)
#
# The test persons of the course are fixed, so that all scores can be compared. For your own data you have to pick
# some. Write `deal(samples, count, rng)`. It picks `count` persons at random and returns two lists: the samples to
# train on, and the samples of the persons picked. Each sample has a `person`. `rng` is a numpy generator, and
# `rng.choice(names, count, replace=False)` picks from a list. The same seed must always pick the same persons. So
# sort the names first: the order of a Python `set` of names can change each time Python starts.


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
# You can make a data set of your own. Put photos in one folder and masks in another, and give a photo and its mask
# the same name. `hs.pair` makes samples of these files. It reads JPEG, PNG and most other formats. (For HEIC, first
# run `pip install pillow-heif`.)
#
# There are two things that no program can see. You have to say them:
#
# - **whose hand it is**, by a pattern for the file's name. The pattern `r"id(\d+)"` means the digits after `id`.
#   (Such patterns are called [regular expressions](https://docs.python.org/3/howto/regex.html).) Without a pattern,
#   all photos count as those of one person, and they cannot be split by person;
# - **which values of a mask are skin**: `skin="black"` or `skin="white"`. If the masks have several numbers, list
#   those that are skin. For example, if 1 is the left hand and 2 the right one, write `skin=(1, 2)`. (Many data sets
#   have one more value, often 255, for pixels that nobody could decide. `hs.pair` counts them as not skin. In code of
#   your own, leave such pixels out of loss and score.)
#
# Two more things go wrong often:
#
# - **JPEG** changes pixels a little. A mask of 0 and 255 comes back with 3, 251 and many other values. So save masks
#   as PNG or BMP;
# - **phones** often store a photo lying on its side, with a note how to turn it. `hs.pair` obeys the note. If you
#   open photos yourself, call `ImageOps.exif_transpose` of Pillow. Otherwise photo and mask will not fit.
#
# In this example, six pairs are copied to a new folder, and **one mask is inverted on purpose**. Nothing would stop
# you from training on this mask. So before you train on any folder, call `hs.check_pairs`. It computes shares, as you
# did, and looks at the border of each mask, too.

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
ImageOps.invert(Image.open(last)).save(last)  # on purpose: the mask that was copied last

checked = hs.check_pairs(hs.pair(own / "photos", own / "masks", person=r"id(\d+)", skin="black"))
checked

# %%
checked.figure()

# %% [markdown]
# Try it yourself, in a new cell. Remove one of the photos (`next((own / "photos").iterdir()).unlink()`), or write a
# pattern for the person that fits no name. Then call `hs.pair` and `hs.check_pairs` again. What do they tell you to
# do?

# %% [markdown]
# ## 10. What you learned
#
# - A photo is an array of (height, width, 3) numbers from 0 to 255. A mask is an array of (height, width) numbers, 0
#   or 1.
# - After you read a file, print shape, dtype and values.
# - The masks of HGR1 have one bit for each pixel. The four channels came from the reader.
# - In these files black is skin. An inverted mask raises no error, but its share of ones is too large.
# - Write down a rule for your data, for example: the mean share of skin is below a half. Let a check test this rule
#   in every run.
# - Split by person. Otherwise the score is about people whom the network knows. Then ask what else the training and
#   the test photos share. In HGR1 they share the walls.
# - A folder of photos and a folder of masks are enough for a data set. Check it before you train.

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
